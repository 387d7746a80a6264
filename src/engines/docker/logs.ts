import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import type { LogQuery } from '../engine.ts';
import { ask } from './ask.ts';

/** The lines that a container has printed; with `follow` also those that come, until it ends or the signal. */
export async function* logLines(
  docker: Docker,
  container: Docker.Container,
  query: LogQuery,
  signal: AbortSignal,
): AsyncIterable<string> {
  const options = {
    stdout: true,
    stderr: true,
    timestamps: false,
    ...(query.tail === undefined ? {} : { tail: query.tail }),
    ...(query.since === undefined ? {} : { since: Math.floor(query.since / 1000) }),
  };
  const both = new PassThrough();
  if (query.follow) {
    const stream = await ask(() => container.logs({ ...options, follow: true }));
    signal.addEventListener('abort', () => both.end(), { once: true });
    stream.on('end', () => both.end());
    docker.modem.demuxStream(stream, both, both);
  } else {
    both.end(plain(await ask(() => container.logs({ ...options, follow: false }))));
  }
  yield* createInterface({ input: both, crlfDelay: Number.POSITIVE_INFINITY });
}

/** Logs of a container without a terminal come in frames: 1 byte stream, 3 bytes nothing, 4 bytes length (Docker's API, attach). */
function plain(framed: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= framed.length; ) {
    const length = framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts);
}
