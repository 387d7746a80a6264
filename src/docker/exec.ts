import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { again, isCut, isRefusal } from './again.ts';
import { join, type Streams } from './streams.ts';

/** Where a command runs that is being executed, for what it must be told meanwhile; who destroys the connection waits for it no longer. */
export type Begun = (process: Docker.Exec, connection: Duplex) => void;

/** Runs a command in a running container with its streams joined to these. Gives its exit code. `begun` is called when it runs. */
export async function exec(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
  streams: Streams,
  options: { readonly terminal?: boolean; readonly env?: readonly string[]; readonly begun?: Begun } = {},
): Promise<number> {
  const { terminal = false, env = [], begun } = options;
  const stdin = streams.stdin !== null;
  const make = () =>
    container.exec({
      Cmd: [...command],
      Env: [...env],
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: terminal,
    });
  // What was refused has not begun. After a cut nobody knows, and a command is not run twice.
  const { process, connection } = await again(async () => {
    const process = await again(make, isCut);
    return { process, connection: await process.start({ hijack: true, stdin, Tty: terminal }) };
  }, isRefusal);
  begun?.(process, connection);
  await join(docker, connection, streams, terminal);
  return (await again(() => process.inspect())).ExitCode ?? -1;
}
