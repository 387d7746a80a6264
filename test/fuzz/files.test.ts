import { afterAll, describe, expect, test } from 'vitest';
import { judge } from './law.ts';
import { Runner } from './outcome.ts';
import { type Edit, Sandbox, soundFiles } from './sandbox.ts';

const sandbox = new Sandbox();
const runner = new Runner();
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
});

/** What may stand where a text file should, and the code that says so. */
const instead: readonly [string, string, (path: string) => Edit][] = [
  ['a named pipe', 'KLG-108', (path) => ({ path, make: 'pipe' })],
  ['a link to itself', 'KLG-108', (path) => ({ path, link: path.split('/').at(-1) ?? '' })],
  ['a link to nothing', 'KLG-108', (path) => ({ path, link: 'nothing-of-that-name' })],
  [
    'a link out of the folder',
    'KLG-106',
    (path) => ({ path, link: `${'../'.repeat(path.split('/').length)}outside.conf` }),
  ],
  ['a link to a device', 'KLG-106', (path) => ({ path, link: '/dev/zero' })],
  ['a link to a file of the system', 'KLG-106', (path) => ({ path, link: '/etc/passwd' })],
  [
    'bytes of a picture',
    'KLG-108',
    (path) => ({ path, write: Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 255]) }),
  ],
  ['text with a NUL', 'KLG-108', (path) => ({ path, write: 'a: 1\n\0' })],
  ['text in Latin-1', 'KLG-108', (path) => ({ path, write: Uint8Array.from([0x6e, 0x3a, 0x20, 0xe9]) })],
  ['text in UTF-16', 'KLG-108', (path) => ({ path, write: Buffer.from('\uFEFFname: x\n', 'utf16le') })],
  ['5 MiB', 'KLG-107', (path) => ({ path, write: 'x'.repeat(5 * 2 ** 20) })],
];

/** One file of each kind. */
const some = [
  'kollage.yaml',
  'globals.yml',
  'passwords.yml',
  'config/global.conf',
  'catalog/catalog.yaml',
  'catalog/web/service.yaml',
  'catalog/images/all.yaml',
  'catalog/lib/common.j2',
];

describe.each(instead)('%s', (_, code, edit) => {
  test.each(some)('%s', async (path) => {
    const { kind, findings } = await judge(sandbox, runner, [edit(path)]);
    expect([kind, findings[0]?.code, findings[0]?.place?.file.endsWith(path)]).toEqual([
      'refused',
      code,
      true,
    ]);
  });
});

describe('nothing, or a folder', () => {
  test.each(soundFiles())('%s', async (path) => {
    for (const make of ['nothing', 'folder'] as const) await judge(sandbox, runner, [{ path, make }]);
  });
});

test('a link inside the folder is followed', async () => {
  const { kind } = await judge(sandbox, runner, [
    { path: 'config/web/nova.txt', write: '[DEFAULT]\nlinked = 1\n' },
    { path: 'config/global.conf', link: 'web/nova.txt' },
  ]);
  expect(kind).toBe('done');
});

test('more files than any folder of overrides has', async () => {
  const edits = Array.from({ length: 5001 }, (_, n): Edit => ({ path: `config/many/${n}.conf`, write: '' }));
  const { findings } = await judge(sandbox, runner, edits);
  expect(findings.map(({ code }) => code)).toEqual(['KLG-107']);
});

test('a folder that is not there', async () => {
  const { findings, kind } = await runner.run('/nonexistent/kollage');
  expect([kind, findings.map(({ code }) => code)]).toEqual(['refused', ['KLG-101']]);
});
