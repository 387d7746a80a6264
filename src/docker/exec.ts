import type Docker from 'dockerode';
import { join, type Streams } from './streams.ts';

/** Where a command runs that is being executed, for what it must be told meanwhile. */
export type Begun = (process: Docker.Exec) => void;

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
  const process = await container.exec({
    Cmd: [...command],
    Env: [...env],
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    Tty: terminal,
  });
  const connection = await process.start({ hijack: true, stdin, Tty: terminal });
  begun?.(process);
  await join(docker, connection, streams, terminal);
  return (await process.inspect()).ExitCode ?? -1;
}
