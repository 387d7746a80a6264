import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, type Stats } from 'node:fs';

/** open(2)'s O_PATH, which Node does not name: a place, not what is in it. */
const place = 0o10000000;
const mostLinks = 40;
/** Bytes; a configuration file that is larger is not read. */
const most = 4 * 2 ** 20;

/** A file in a container. */
export interface InsideFile {
  /** Null when it is too large to be read, or no file at all. */
  readonly content: string | null;
  readonly mode: number;
  /** Milliseconds since the epoch: when it, its owner or its mode was changed last. */
  readonly changedAt: number;
}

/** The root folder of a process; null where we cannot look into it, or it is not this container's. Linux only, see proc(5). */
export function rootOf(pid: number, container: string): string | null {
  if (!(pid > 0)) return null;
  try {
    // Where Docker counts processes in another namespace than ours, another process has this number here.
    const isIts = ['cgroup', 'mountinfo'].some((file) =>
      readFileSync(`/proc/${pid}/${file}`, 'utf8').includes(container),
    );
    const root = `/proc/${pid}/root`;
    closeSync(openSync(root, constants.O_RDONLY | constants.O_DIRECTORY));
    return isIts ? root : null;
  } catch {
    return null;
  }
}

/**
 * Reads a file below a root folder as a process with that root sees it; null when it is not there. Who owns the container may have put links into
 * it that lead elsewhere seen from here: each step is taken from the folder that was opened before, and no link is followed but by its text.
 */
export function readInside(root: string, path: string): InsideFile | null {
  const file = openInside(root, path);
  if (file === null) return null;
  try {
    const stat = fstatSync(file);
    return { content: contentOf(file, stat), mode: stat.mode & 0o7777, changedAt: stat.ctimeMs };
  } finally {
    closeSync(file);
  }
}

function contentOf(file: number, stat: Stats): string | null {
  return stat.isFile() && stat.size <= most ? readFileSync(`/proc/self/fd/${file}`, 'utf8') : null;
}

function openInside(root: string, path: string): number | null {
  const open = [openSync(root, place | constants.O_DIRECTORY)];
  const left = parts(path);
  let links = 0;
  const back = (to: number) => {
    for (const folder of open.splice(to)) closeSync(folder);
  };
  try {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      if (name === '..') {
        back(Math.max(1, open.length - 1));
        continue;
      }
      const next = `/proc/self/fd/${open.at(-1)}/${name}`;
      open.push(openSync(next, place | constants.O_NOFOLLOW));
      if (!fstatSync(open.at(-1) ?? -1).isSymbolicLink()) continue;
      if (++links > mostLinks) return null;
      const target = readlinkSync(next);
      back(target.startsWith('/') ? 1 : open.length - 1);
      left.unshift(...parts(target));
    }
    return open.pop() ?? null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  } finally {
    back(0);
  }
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL';
}
