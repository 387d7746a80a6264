import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KollageError } from '../../model/error.ts';

/**
 * Mounts that one container makes and another must see (network namespaces) need a shared mount on the host. Most systems have /run
 * shared already. Where it is not (facts: The host), the folder is bound onto itself and made shared; what was done is written down
 * first, so that it can be taken back.
 */
export function makeShared(folders: { readonly home: string }, path: string): void {
  mkdirSync(path, { recursive: true });
  if (isShared(path)) return;
  appendFileSync(listOf(folders), `${path}\n`);
  mount('--bind', path, path);
  mount('--make-shared', path);
}

/** Takes back what `makeShared` did for a deployment. */
export function unshare(folders: { readonly home: string }): void {
  if (!existsSync(listOf(folders))) return;
  for (const path of readFileSync(listOf(folders), 'utf8').split('\n').filter(Boolean)) {
    if (ownMount(path)) execFileSync('umount', [path], { stdio: 'pipe' });
  }
}

function listOf(folders: { readonly home: string }): string {
  return join(folders.home, 'shared-mounts');
}

function mount(...options: string[]): void {
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

function ownMount(path: string): boolean {
  return mounts().some(({ point }) => point === path);
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
