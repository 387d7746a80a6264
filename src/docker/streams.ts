import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';

/** What the streams of a command in a container are joined to. They stay open when it ends. */
export interface Streams {
  /** Null: it reads nothing. */
  readonly stdin: NodeJS.ReadableStream | null;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/**
 * Joins the connection that Docker makes of a command with these streams, until the command's output ends. On a terminal all of the
 * output is one stream; else it comes in frames that say which it is (Docker's API, attach).
 */
export async function join(
  docker: Docker,
  connection: NodeJS.ReadWriteStream,
  { stdin, stdout, stderr }: Streams,
  terminal = false,
): Promise<void> {
  const over = ended(connection);
  if (terminal) connection.on('data', (chunk: Buffer) => stdout.write(chunk));
  else docker.modem.demuxStream(connection, stdout, stderr);
  stdin?.pipe(connection);
  try {
    await over;
  } finally {
    stdin?.unpipe(connection);
  }
}

async function ended(stream: NodeJS.ReadableStream): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    stream.on('end', () => resolve());
    stream.on('close', () => resolve());
    stream.on('error', reject);
  });
}

/** A stream that calls `line` for each line written to it. */
export function splitter(line: (text: string) => void): PassThrough {
  const stream = new PassThrough();
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    parts.forEach(line);
  });
  stream.on('end', () => {
    if (rest) line(rest);
  });
  return stream;
}

/** A stream that keeps what is written to it. */
export function collector(): { readonly stream: PassThrough; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
