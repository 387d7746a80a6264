import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nameFile } from '../../load/name-file.ts';
import { KollageError } from '../../model/error.ts';

/**
 * Writes a file that only its owner may read, whole or not at all: into a new file of the same folder, which then takes its
 * place. `before` is what the file must still hold (null: it must not be there), so that nobody's change is lost.
 * Throws KLG-125; the old file is then as it was.
 */
export function savePrivately(path: string, text: string, before: string | null): void {
  const target = before === null ? path : resolved(path);
  const fresh = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    sweep(target);
    write(fresh, text);
    if (before === null) {
      // Unlike a rename, a link never takes the place of a file that came in between.
      linkSync(fresh, target);
    } else {
      if (readFileSync(target, 'utf8').replace(/^\uFEFF/, '') !== before)
        throw notSaved(`${nameFile(path)} was changed by someone else in the meantime`);
      renameSync(fresh, target);
    }
    syncFolder(dirname(target));
  } catch (cause) {
    if (cause instanceof KollageError) throw cause;
    throw notSaved(`${nameFile(path)} cannot be written${because(cause)}`, cause);
  } finally {
    rmSync(fresh, { force: true });
  }
}

/** Makes a folder that only its owner may enter. Throws KLG-125. */
export function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw notSaved(`the folder ${nameFile(path)} cannot be made${because(cause)}`, cause);
  }
}

/** Takes away what a run that was killed has left: new files that never took the old one's place. */
function sweep(target: string): void {
  const folder = dirname(target);
  for (const name of readdirSync(folder)) {
    const isOurs = name.startsWith(`.${basename(target)}.`) && /\.[0-9a-f]{12}\.tmp$/.test(name);
    const stats = isOurs ? lstatSync(join(folder, name), { throwIfNoEntry: false }) : undefined;
    // A younger one may belong to a run that is still going on.
    if (stats && Date.now() - stats.mtimeMs > 60_000) rmSync(join(folder, name), { force: true });
  }
}

function write(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(file, 0o600);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the new name last through a crash; not every file system can. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } catch {
    // The file itself is safe already.
  } finally {
    closeSync(folder);
  }
}

function resolved(path: string): string {
  return realpathSync.native(path);
}

function because(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'EEXIST') return ': someone else has made it in the meantime';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return ': rights are missing';
  return code === 'ENOSPC' ? ': the disk is full' : ` (${String(code)})`;
}

function notSaved(message: string, cause?: unknown): KollageError {
  return new KollageError({ code: 'KLG-125', message }, { cause });
}
