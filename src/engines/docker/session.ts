import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import { exec } from '../../docker/exec.ts';
import type { Io } from '../io.ts';
import { askOnce } from './ask.ts';

/** Something with a terminal whose size can be set: a container, or a command in one. */
interface Sized {
  resize(size: { h: number; w: number }): Promise<unknown>;
}

/** Keeps the size of a terminal in a container that of ours, until the returned function is called. */
export function sized(what: Sized, { terminal }: Io): () => void {
  if (!terminal) return () => undefined;
  // It may have ended since, and then has no size any more.
  const set = () => {
    const { columns: w, rows: h } = terminal.size();
    what.resize({ h, w }).catch(() => undefined);
  };
  set();
  return terminal.resized(set);
}

/** The variables that a program on a terminal goes by. */
export function terminalEnv({ terminal }: Io): string[] {
  return terminal ? [`TERM=${terminal.type}`] : [];
}

/** Calls back when a command is to be interrupted, or at once when it was already; until the returned function is called. */
export function onInterrupt({ interrupt }: Io, act: () => void): () => void {
  if (interrupt.aborted) act();
  interrupt.addEventListener('abort', act, { once: true });
  return () => interrupt.removeEventListener('abort', act);
}

/** Milliseconds that a command has to end when it was interrupted. */
const patience = 2000;

/**
 * Runs a command in a running container, joined to `io`; gives its exit code, -1 where it is not known. Docker has no way to interrupt such a command,
 * so that is done by its process id, where we are on the same host and may. One that goes on nevertheless is left alone, and not waited for.
 */
export async function execIn(
  docker: Docker,
  container: Docker.Container,
  command: readonly string[],
  io: Io,
): Promise<number> {
  const undo: (() => void)[] = [];
  const begun = (process: Docker.Exec, connection: Duplex) => {
    undo.push(sized(process, io));
    const interrupt = () => {
      void kill(process);
      const timer = setTimeout(() => connection.destroy(), patience);
      undo.push(() => clearTimeout(timer));
    };
    undo.push(onInterrupt(io, interrupt));
  };
  try {
    const options = { terminal: io.terminal !== null, env: terminalEnv(io), begun };
    return await askOnce(() => exec(docker, container, command, io, options));
  } finally {
    for (const step of undo) step();
  }
}

async function kill(command: Docker.Exec): Promise<void> {
  try {
    const { Pid: pid } = await command.inspect();
    if (pid > 0) process.kill(pid, 'SIGINT');
  } catch {
    // It has ended, or is not ours to end: then a second interrupt leaves it alone with itself.
  }
}
