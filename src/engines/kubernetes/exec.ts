import { PassThrough, Writable } from 'node:stream';
import type { V1Status } from '@kubernetes/client-node';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ConnectionError } from '../../kubernetes/errors.ts';
import { KollageError, messageOf } from '../../model/error.ts';
import type { Io } from '../io.ts';

/** What a shell gives for a command that it cannot find. */
const notFound = 127;

/**
 * Runs a command in a container of a pod, joined to `io`; gives its exit code. An interrupt ends the connection; the cluster has no way to send a signal to
 * such a command. KLG-502 where the cluster refuses.
 */
export async function execIn(
  client: KubernetesClient,
  namespace: string,
  pod: string,
  container: string,
  command: readonly string[],
  io: Io,
): Promise<number> {
  const { Exec } = await import('@kubernetes/client-node');
  const ended = Promise.withResolvers<V1Status>();
  const stdout = sized(io.stdout, io);
  const stderr = sized(io.stderr, io);
  const stdin = io.stdin === null ? null : through(io.stdin);
  const undo: (() => void)[] = [];
  try {
    const socket = await new Exec(client.config).exec(
      namespace,
      pod,
      container,
      [...command],
      stdout,
      io.terminal ? null : stderr,
      stdin,
      io.terminal !== null,
      ended.resolve,
    );
    socket.onclose = () => ended.reject(new Error('the connection to it broke'));
    if (io.terminal) undo.push(io.terminal.resized(() => stdout.emit('resize')));
    const interrupt = () => {
      socket.close();
      ended.resolve({ status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '130' }] } });
    };
    if (io.interrupt.aborted) interrupt();
    io.interrupt.addEventListener('abort', interrupt, { once: true });
    undo.push(() => io.interrupt.removeEventListener('abort', interrupt));
    const status = await ended.promise;
    socket.onclose = () => undefined;
    socket.close();
    // What was said last may still be on its way to where it goes.
    await Promise.all([flushed(stdout), flushed(stderr)]);
    return codeOf(status, command);
  } catch (error) {
    if (error instanceof KollageError) throw error;
    throw new ConnectionError(`${command[0] ?? ''} in ${pod}: ${messageOf(error)}`, { cause: error });
  } finally {
    for (const step of undo) step();
    if (stdin && io.stdin) io.stdin.unpipe(stdin);
  }
}

function codeOf({ status, message = '', details }: V1Status, command: readonly string[]): number {
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code !== undefined) return Number(code);
  if (/executable file not found|no such file or directory/.test(message)) return notFound;
  if (/permission denied/.test(message)) return 126;
  throw new KollageError({ code: 'KLG-502', message: `${command.join(' ')} cannot be run: ${message}` });
}

/** A stream that tells the client how large the terminal is; it stays open when the command ends. */
function sized(to: NodeJS.WritableStream, { terminal }: Io): Writable {
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      if (to.write(chunk)) done();
      else to.once('drain', () => done());
    },
  });
  if (!terminal) return stream;
  Object.defineProperties(stream, {
    rows: { get: () => terminal.size().rows },
    columns: { get: () => terminal.size().columns },
  });
  return stream;
}

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.end(() => resolve()));
}

function through(from: NodeJS.ReadableStream): PassThrough {
  const stream = new PassThrough();
  from.pipe(stream);
  return stream;
}
