import { isAbsolute, relative, resolve } from 'node:path';

/** A path as errors name it: relative to the working directory where it is inside of it, else whole. */
export function nameFile(path: string): string {
  const absolute = resolve(path);
  const short = relative(process.cwd(), absolute);
  if (short === '') return '.';
  return short.startsWith('..') || isAbsolute(short) ? absolute : short;
}
