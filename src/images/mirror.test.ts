import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith } from '../../test/support/folders.ts';
import { hostMirror, official, proxyLines, sourceLines } from './mirror.ts';

function aptFolder(files: Readonly<Record<string, string>>): string {
  const folder = folderWith(files);
  mkdirSync(join(folder, 'sources.list.d'), { recursive: true });
  return folder;
}

const own = { main: 'http://mirror.test/debian', security: 'http://mirror.test/debian-security' };

test.each([
  [
    'one line a source',
    {
      'sources.list':
        '# deb http://off.test/debian trixie main\ndeb [signed-by=/k] http://mirror.test/debian/ trixie main\ndeb http://mirror.test/debian-security trixie-security main\n',
    },
  ],
  [
    'deb822',
    {
      'sources.list.d/debian.sources':
        'Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie\n\nTypes: deb\nURIs: http://mirror.test/debian-security\nSuites: trixie-security\n',
      'sources.list.d/other.list': 'deb http://other.test/apt stable main\n',
    },
  ],
])("the host's mirror is found: %s", async (_, files) => {
  expect(await hostMirror(aptFolder(files))).toEqual(own);
});

test("a host without Debian's archives gets the official ones", async () => {
  expect(await hostMirror(aptFolder({ 'sources.list': 'deb http://a.test/ubuntu noble main\n' }))).toEqual(
    official,
  );
  expect(await hostMirror('/nowhere')).toEqual(official);
});

test('a suite without updates has one source', () => {
  const lines = (updates: boolean) =>
    sourceLines(own, { suite: 'sid', updates, expired: false }).trim().split('\n');
  expect(lines(false)).toHaveLength(1);
  expect(lines(true).map((line) => line.split(' ').at(-2))).toEqual(['sid', 'sid-updates', 'sid-security']);
});

test('proxies are quoted for the shell', () => {
  expect(proxyLines({ http_proxy: "http://a'b", HTTPS_PROXY: 'x' })).toBe(
    "export http_proxy='http://a'\\''b'\nexport https_proxy='x'\n",
  );
});
