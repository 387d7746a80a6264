import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KollageError } from '../../model/error.ts';
import type { Mount, Workload } from '../../model/resource.ts';

/** Where what was changed on the host is written down, before it is done, so that `destroy` takes back just that. */
interface Notes {
  readonly home: string;
}

/**
 * Makes a path of the host ready to be mounted: folders that are missing (such as /run/openvswitch), and for a `shared` one a mount that
 * passes on what is mounted below it (network namespaces). Most systems have /run shared already; where it is not (facts: The
 * host), the folder is bound onto itself and made shared. KLG-502 when that may not be done.
 */
export function provideHostPath(notes: Notes, mount: Mount): void {
  const path = mount.source;
  const missing = firstMissing(path);
  if (missing !== null) {
    note(notes, 'folder', missing);
    mkdirSync(path, { recursive: true });
  }
  if (!mount.shared || isShared(path)) return;
  note(notes, 'shared', path);
  mountCommand('--bind', path, path);
  mountCommand('--make-shared', path);
}

/** Where this host has what a process sees at a path, if a folder of the host is mounted there; null else. */
export function hostPathOf({ mounts }: Pick<Workload, 'mounts'>, path: string): string | null {
  const within = (mount: Mount) => path === mount.path || path.startsWith(`${mount.path}/`);
  const [nearest] = mounts.filter(within).sort((a, b) => b.path.length - a.path.length);
  return nearest?.type === 'host' ? join(nearest.source, path.slice(nearest.path.length)) : null;
}

/** Takes back what was done to the host for a deployment, the last thing first. */
export function restoreHost(notes: Notes): void {
  for (const line of read(notes).reverse()) {
    const [kind, path = ''] = line.split(' ', 2);
    unmountBelow(path);
    if (kind === 'folder') rmSync(path, { recursive: true, force: true });
  }
}

/** What containers mounted below a folder that is shared, by us or by the system, is on the host too, and goes first. */
function unmountBelow(path: string): void {
  const below = mounts().filter(({ point }) => point === path || point.startsWith(`${path}/`));
  for (const { point } of below.reverse()) execFileSync('umount', [point], { stdio: 'pipe' });
}

function note(notes: Notes, kind: 'shared' | 'folder', path: string): void {
  if (!read(notes).includes(`${kind} ${path}`)) appendFileSync(file(notes), `${kind} ${path}\n`);
}

function read(notes: Notes): string[] {
  return existsSync(file(notes)) ? readFileSync(file(notes), 'utf8').split('\n').filter(Boolean) : [];
}

function file({ home }: Notes): string {
  return join(home, 'host-paths');
}

/** The topmost folder of a path that is not there; null when all are. */
function firstMissing(path: string): string | null {
  if (existsSync(path)) return null;
  return firstMissing(dirname(path)) ?? path;
}

function mountCommand(...options: string[]): void {
  try {
    execFileSync('mount', options, { stdio: 'pipe' });
  } catch (cause) {
    throw new KollageError(
      { code: 'KLG-502', message: `mount ${options.join(' ')} failed: a shared mount needs root` },
      { cause },
    );
  }
}

/** Whether the mount that holds a path is shared: the longest mount point that is a prefix of it (proc(5), mountinfo). */
function isShared(path: string): boolean {
  const holding = mounts()
    .filter(({ point }) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`))
    .sort((a, b) => a.point.length - b.point.length)
    .at(-1);
  return holding?.shared ?? false;
}

function mounts(): { point: string; shared: boolean }[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const fields = line.split(' ');
      return {
        point: fields[4] ?? '',
        shared: fields.slice(6, fields.indexOf('-')).some((field) => field.startsWith('shared:')),
      };
    });
}
