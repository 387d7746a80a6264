import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { scratch } from '../../../../test/support/folders.ts';
import { readInside, rootOf } from './inside.ts';

const above = scratch();
const root = join(above, 'root');
const content = (path: string) => readInside(root, path)?.content;

beforeAll(() => {
  mkdirSync(join(root, 'etc/web'), { recursive: true });
  writeFileSync(join(above, 'secret'), 'of the host');
  writeFileSync(join(root, 'etc/web/web.conf'), 'inside', { mode: 0o640 });
  const links = {
    absolute: '/etc/web/web.conf',
    relative: 'web/../web/web.conf',
    folder: '/etc/web',
    above: '../../../../secret',
    host: join(above, 'secret'),
    circle: 'circle',
    gone: 'nowhere',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, 'etc', name));
  execFileSync('mkfifo', [join(root, 'etc/pipe')]);
  writeFileSync(join(root, 'etc/large'), 'x'.repeat(5 * 2 ** 20));
});

test('a file is read with its mode', () => {
  expect(readInside(root, '/etc/web/web.conf')).toMatchObject({ content: 'inside', mode: 0o640 });
});

test.each([
  ['an absolute link', '/etc/absolute', 'inside'],
  ['a relative link', '/etc/relative', 'inside'],
  ['a link as a folder', '/etc/folder/web.conf', 'inside'],
  ['steps back', '/etc/../../../etc/web/web.conf', 'inside'],
  ['a link above the root', '/etc/above', undefined],
  ["a link to the host's file", '/etc/host', undefined],
  ['a link to itself', '/etc/circle', undefined],
  ['a link to nothing', '/etc/gone', undefined],
  ['a file as a folder', '/etc/web/web.conf/x', undefined],
  ['nothing', '/etc/none', undefined],
  ['a pipe', '/etc/pipe', null],
  ['a folder', '/etc', null],
  ['what is large', '/etc/large', null],
])('%s is followed as who is inside would', (_, path, expected) => {
  expect(content(path)).toBe(expected);
});

test('nothing stays open', () => {
  const count = () => readdirSync('/proc/self/fd').length;
  const before = count();
  for (const path of ['/etc/relative', '/etc/circle', '/etc/none', '/etc/web/web.conf/x']) content(path);
  expect(count()).toBe(before);
});

test('the root of a process that is gone, or is not of the container, is none', () => {
  expect(rootOf(0, 'x')).toBeNull();
  expect(rootOf(2 ** 30, 'x')).toBeNull();
  expect(rootOf(process.pid, 'a'.repeat(64))).toBeNull();
});
