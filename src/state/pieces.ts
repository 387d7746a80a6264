import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

/** What cannot be told from others' by chance. */
export function newId(): string {
  return randomBytes(5).toString('hex');
}

/** Data as compressed bytes, in pieces of so many bytes at most; there is always a first one. */
export function pack(data: unknown, most: number): Buffer[] {
  const bytes = gzipSync(JSON.stringify(data));
  return Array.from({ length: Math.ceil(bytes.length / most) }, (_, at) =>
    bytes.subarray(at * most, (at + 1) * most),
  );
}

/** Only `pack` writes these, so what comes back is what went in. */
export function unpack<T>(pieces: readonly Buffer[]): T {
  return JSON.parse(gunzipSync(Buffer.concat(pieces)).toString()) as T;
}
