import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints, folderWith } from '../../test/support/folders.ts';
import { Folder } from './folder.ts';

function open(path: string): Folder {
  const folder = Folder.open(path);
  if (!folder) throw new Error(`no folder ${path}`);
  return folder;
}

describe('reading a folder', () => {
  it('gives texts, and null for what is not there', () => {
    const folder = open(folderWith({ 'a/b.txt': '\uFEFFé\n' }));
    expect(folder.read('a/b.txt')).toMatchObject({ path: 'a/b.txt', text: 'é\n' });
    expect(folder.read('a/c.txt')).toBeNull();
    expect(folder.read('x/y/z')).toBeNull();
    expect(folder.read('a/b.txt/c')).toBeNull();
    expect(Folder.open('/nowhere/at/all')).toBeNull();
  });

  it('lists files sorted, without hidden ones', () => {
    const folder = open(folderWith({ 'c/z': '', 'c/a/b': '', 'c/.git/x': '', 'c/.a.swp': '', other: '' }));
    expect(folder.list('c')).toEqual(['c/a/b', 'c/z']);
    expect(folder.list('nothing')).toEqual([]);
  });

  it.each<[string, string, (path: string) => void]>([
    ['a link that leads out', 'KLG-106', (path) => symlinkSync('/etc/hostname', path)],
    ['a link to the folder around', 'KLG-106', (path) => symlinkSync('..', path)],
    ['a link that leads nowhere', 'KLG-108', (path) => symlinkSync('gone', path)],
    ['a link to itself', 'KLG-108', (path) => symlinkSync('file', path)],
    ['a named pipe', 'KLG-108', (path) => execFileSync('mkfifo', [path])],
    ['a device', 'KLG-106', (path) => symlinkSync('/dev/zero', path)],
    ['a folder', 'KLG-108', (path) => mkdirSync(path)],
    ['a file of 5 MiB', 'KLG-107', (path) => writeFileSync(path, Buffer.alloc(5 * 2 ** 20, 'a'))],
    ['a file that is not UTF-8', 'KLG-108', (path) => writeFileSync(path, Buffer.from([0x61, 0xff, 0xfe]))],
    ['a file with NUL bytes', 'KLG-108', (path) => writeFileSync(path, 'a\0b')],
  ])('refuses %s', async (_, code, make) => {
    const path = folderWith({});
    make(join(path, 'file'));
    const [told] = await complaints(() => open(path).read('file'), path);
    expect(told).toMatch(new RegExp(`^${code} file `));
  });

  it.skipIf(process.getuid?.() === 0)('refuses a file without the right to read it', async () => {
    const path = folderWith({ file: 'a' });
    chmodSync(join(path, 'file'), 0);
    expect(await complaints(() => open(path).read('file'), path)).toEqual([
      'KLG-108 file file may not be read: rights are missing',
    ]);
  });

  it('follows links inside of the folder', () => {
    const path = folderWith({ 'real/a': 'text' });
    symlinkSync('real', join(path, 'link'));
    expect(open(path).read('link/a')?.text).toBe('text');
    expect(open(path).list('link')).toEqual(['link/a']);
  });

  it('does not go round in circles', async () => {
    const path = folderWith({ 'c/x': '' });
    for (const name of ['a', 'b', 'd']) symlinkSync('.', join(path, 'c', name));
    expect(await complaints(() => open(path).list('c'), path)).toEqual([
      expect.stringMatching(/^KLG-107 .* (nested|more than 5000 files)/),
    ]);
  });

  it('refuses more than 5,000 files', async () => {
    const path = folderWith(
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`c/real/${index}`, ''])),
    );
    for (let index = 0; index < 90; index++) symlinkSync('real', join(path, 'c', `link${index}`));
    expect(await complaints(() => open(path).list('c'), path)).toEqual([
      'KLG-107 c c holds more than 5000 files',
    ]);
  });

  it('says when a file stands where a folder should', async () => {
    const path = folderWith({ config: 'x' });
    expect(await complaints(() => open(path).list('config'), path)).toEqual([
      'KLG-108 config config is a file where a folder should be',
    ]);
  });
});
