import pc from 'picocolors';
import { expect, test } from 'vitest';
import { printBackups, size } from './backups.ts';

const none = pc.createColors(false);

test('each backup is a line, a broken one says why it cannot be used', () => {
  const good = {
    id: 'mariadb-20261125T224705Z',
    deployment: 'd',
    service: 'mariadb',
    at: Date.UTC(2026, 10, 25, 22, 47, 5, 400),
    release: '2025.1',
    revision: 3,
    facts: { server: 'MariaDB 11.8.9' },
    files: [
      { name: 'data', size: 1_500_000 },
      { name: 'version', size: 6 },
    ],
  };
  expect(printBackups([good, { id: 'mariadb-1', broken: 'it has no manifest' }], none)).toBe(
    'mariadb-20261125T224705Z  2026-11-25T22:47:05Z    1.4 MiB  release 2025.1, revision 3  MariaDB 11.8.9\n' +
      'mariadb-1                 broken: it has no manifest\n',
  );
  expect(printBackups([], none)).toBe('There is no backup yet.\n');
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [5 * 2 ** 30, '5.0 GiB'],
  [2 ** 52, '4096.0 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});
