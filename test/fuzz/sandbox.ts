import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** The folder that all the broken ones are made from: a small platform of two services, with its own catalog. */
export const sound = join(import.meta.dirname, 'shop');

/** The files of the sound folder, sorted. */
export function soundFiles(): string[] {
  return readdirSync(sound, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(sound, join(entry.parentPath, entry.name)))
    .sort();
}

/** What is done to the file at a path, the text of the sound one in hand. */
export type Edit = { readonly path: string } & (
  | { readonly write: string | Uint8Array }
  | { readonly change: (text: string) => string }
  | { readonly link: string }
  | { readonly make: 'pipe' | 'folder' | 'nothing' }
  | { readonly mode: number }
);

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** A folder for one test file, which cases break and which is mended after each. */
export class Sandbox implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'kollage-fuzz-'));
  readonly folder = join(this.#root, 'folder');

  constructor() {
    // Other users may look into it.
    chmodSync(this.#root, 0o755);
    cpSync(sound, this.folder, { recursive: true });
    writeFileSync(join(this.#root, 'outside.conf'), '[DEFAULT]\noutside = zq7XK41wvOutside\n');
  }

  break(edits: readonly Edit[]): void {
    for (const edit of edits) {
      const path = join(this.folder, edit.path);
      if ('change' in edit)
        writeFileSync(path, edit.change(existsSync(path) ? readFileSync(path, 'utf8') : ''));
      else if ('mode' in edit) chmodSync(path, edit.mode);
      else {
        rmSync(path, { recursive: true, force: true });
        mkdirSync(dirname(path), { recursive: true });
        if ('write' in edit) writeFileSync(path, edit.write);
        else if ('link' in edit) symlinkSync(edit.link, path);
        else if (edit.make === 'folder') mkdirSync(path);
        else if (edit.make === 'pipe') execFileSync('mkfifo', [path]);
      }
    }
  }

  /** Makes the folder sound again after these edits. */
  mend(edits: readonly Edit[]): void {
    const inPlace = edits.every(({ path }) => isFile(join(sound, path)));
    if (!inPlace) {
      rmSync(this.folder, { recursive: true });
      cpSync(sound, this.folder, { recursive: true });
      return;
    }
    for (const { path } of edits) {
      rmSync(join(this.folder, path), { recursive: true, force: true });
      cpSync(join(sound, path), join(this.folder, path));
    }
  }

  /** Every entry with all that would tell a change, reading it apart. */
  listing(): string[] {
    const walk = (path: string): string[] => {
      const stat = lstatSync(path);
      const { ino, size, mode, mtimeMs, ctimeMs } = stat;
      const inner = stat.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [];
      return [[path, ino, size, mode, mtimeMs, ctimeMs].join(' '), ...inner.flatMap(walk)];
    };
    return walk(this.#root).sort();
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true });
  }
}
