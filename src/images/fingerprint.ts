import { createHash } from 'node:crypto';
import type { Chosen } from './choose.ts';
import type { Upload } from './daemon.ts';

/** Raised when the way of building changes what comes out of the same recipe. */
const builder = 1;

/** Package names to versions. */
export type Versions = Readonly<Record<string, string>>;

/**
 * Names an image by everything that decides what it holds: the recipe, the image it is built on, the files laid into it, and
 * the versions of the packages that are installed.
 * @param versions of the packages that this image adds
 */
export function fingerprint(
  image: Chosen,
  parent: string | undefined,
  uploads: readonly Upload[],
  versions: Versions,
): string {
  const { about, privileges, ...recipe } = image.recipe;
  const files = uploads.map(({ path, content, mode }) => [path, mode ?? 0, digest(content)]);
  return digest(JSON.stringify({ builder, recipe, parent, files, versions: sorted(versions) })).slice(0, 12);
}

export function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function sorted(versions: Versions): [string, string][] {
  return Object.entries(versions).sort(([a], [b]) => (a < b ? -1 : 1));
}
