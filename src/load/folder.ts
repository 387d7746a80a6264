import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { TextFile } from '../model/catalog.ts';
import { KollageError } from '../model/error.ts';
import type { ErrorCode } from '../model/errors.ts';
import { nameFile } from './name-file.ts';

const maxBytes = 4 * 2 ** 20;
const maxTotal = 64 * 2 ** 20;
const maxFiles = 5000;
const maxDepth = 16;

/**
 * A folder whose files others wrote. Reads nothing outside of it, opens only regular files (a named pipe would wait for
 * ever, a device do things), and nothing that is too large.
 */
export class Folder {
  readonly path: string;
  readonly #real: string;
  readonly #name: string;
  /** Where folders in it really are. */
  readonly #folders: Map<string, string>;
  /** Bytes read so far. */
  #total = 0;

  private constructor(path: string, real: string) {
    this.path = path;
    this.#real = real;
    this.#name = nameFile(path);
    this.#folders = new Map([['', real]]);
  }

  /** Null when there is no folder at the path, or it cannot be entered. */
  static open(path: string): Folder | null {
    try {
      const absolute = resolve(path);
      return statSync(absolute).isDirectory() ? new Folder(absolute, realpathSync.native(absolute)) : null;
    } catch {
      return null;
    }
  }

  /** A path in this folder, as errors name it. */
  name(path: string): string {
    return join(this.#name, path);
  }

  /**
   * A text file, or null when there is none of that name. A byte order mark is left out.
   * Throws KLG-106 when a link leads out of the folder, KLG-107 above 4 MiB (64 MiB for all that is read), KLG-108 when it is no readable UTF-8 text.
   */
  read(path: string): TextFile | null {
    const real = this.#locate(path);
    if (real === null) return null;
    const bytes = this.#bytes(path, real);
    if (!isUtf8(bytes)) throw this.#error('KLG-108', path, 'is not UTF-8 text');
    if (bytes.includes(0)) throw this.#error('KLG-108', path, 'holds NUL bytes, so it is not text');
    const text = bytes.toString('utf8');
    return { path, file: this.name(path), text: text.startsWith('\uFEFF') ? text.slice(1) : text };
  }

  /** Names of the folders and of the files right under a path, sorted; hidden ones are left out. */
  entries(path = ''): { folders: string[]; files: string[] } {
    const real = this.#locate(path);
    if (real === null) return { folders: [], files: [] };
    const folders: string[] = [];
    const files: string[] = [];
    for (const entry of this.#readFolder(path, real)) {
      if (entry.name.startsWith('.')) continue;
      const inner = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory() || (entry.isSymbolicLink() && this.#isFolder(inner))) folders.push(entry.name);
      else files.push(entry.name);
    }
    return { folders: folders.sort(), files: files.sort() };
  }

  /**
   * The paths of all files under a path, sorted; hidden ones (`.git`, an editor's swap file) are left out.
   * Throws KLG-107 above 5,000 files or 16 levels, which a link in a circle also makes.
   */
  list(path: string): string[] {
    const found: string[] = [];
    let seen = 0;
    const walk = (folder: string, depth: number) => {
      if (depth > maxDepth)
        throw this.#error('KLG-107', folder, `is nested more than ${maxDepth} folders deep`);
      const { folders, files } = this.entries(folder);
      for (const file of files) found.push(`${folder}/${file}`);
      // Folders count too: links in a circle make many of them without a single file.
      seen += files.length + folders.length;
      if (seen > maxFiles) throw this.#error('KLG-107', path, `holds more than ${maxFiles} files`);
      for (const inner of folders) walk(`${folder}/${inner}`, depth + 1);
    };
    if (this.#isThere(path)) walk(path, 1);
    return found.sort();
  }

  #isThere(path: string): boolean {
    return this.#locate(path) !== null;
  }

  #isFolder(path: string): boolean {
    const real = this.#locate(path);
    return real !== null && statSync(real).isDirectory();
  }

  /** Where a path really is, links followed; null when nothing has that name. */
  #locate(path: string): string | null {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const parent = path === '' ? null : this.#locate(dirname(path) === '.' ? '' : dirname(path));
    if (parent === null) return null;
    const whole = join(parent, basename(path));
    let stats: Stats | undefined;
    try {
      stats = lstatSync(whole, { throwIfNoEntry: false });
    } catch (error) {
      if (codeOf(error) === 'ENOTDIR') return null;
      throw this.#unreadable(path, error);
    }
    if (!stats) return null;
    const real = stats.isSymbolicLink() ? this.#follow(path, whole) : whole;
    if (stats.isDirectory()) this.#folders.set(path, real);
    return real;
  }

  #follow(path: string, link: string): string {
    let real: string;
    try {
      real = realpathSync.native(link);
    } catch (error) {
      if (codeOf(error) === 'ENOENT')
        throw this.#error('KLG-108', path, 'is a symbolic link that leads nowhere');
      throw this.#unreadable(path, error);
    }
    if (real !== this.#real && relative(this.#real, real).split(sep)[0] === '..')
      throw this.#error('KLG-106', path, 'is a symbolic link that leads out of the folder');
    return real;
  }

  #bytes(path: string, real: string): Buffer {
    let file: number | undefined;
    try {
      if (!statSync(real).isFile()) throw this.#error('KLG-108', path, 'is not a regular file');
      // Should it have become a pipe in between, opening it must not wait.
      file = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
      const { size } = fstatSync(file);
      if (size > maxBytes) throw this.#error('KLG-107', path, `is ${Math.ceil(size / 2 ** 20)} MiB large`);
      this.#total += size;
      if (this.#total > maxTotal) throw this.#error('KLG-107', '', 'holds more than 64 MiB of files to read');
      return readFileSync(file);
    } catch (error) {
      throw this.#unreadable(path, error);
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  #readFolder(path: string, real: string) {
    try {
      return readdirSync(real, { withFileTypes: true });
    } catch (error) {
      throw this.#unreadable(path, error);
    }
  }

  #unreadable(path: string, cause: unknown): unknown {
    if (cause instanceof KollageError) return cause;
    const why = reasons[codeOf(cause) ?? ''] ?? `cannot be read (${codeOf(cause) ?? 'unknown error'})`;
    return this.#error('KLG-108', path, why);
  }

  #error(code: ErrorCode, path: string, what: string): KollageError {
    const file = this.name(path);
    return new KollageError({ code, message: `${file} ${what}`, place: { file } });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'may not be read: rights are missing',
  EPERM: 'may not be read: rights are missing',
  ENOTDIR: 'is a file where a folder should be',
  EISDIR: 'is a folder where a file should be',
  ELOOP: 'is a symbolic link in a circle',
  ENAMETOOLONG: 'has too long a name',
};

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
