import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { scratch } from '../../test/support/folders.ts';
import { desired, storeTests } from '../../test/support/store.ts';
import { SqliteStore } from './sqlite.ts';

const root = scratch();

beforeAll(() => void vi.stubEnv('KOLLAGE_STATE', root));
afterAll(() => void vi.unstubAllEnvs());

storeTests(async (deployment) => new SqliteStore(deployment));

test('the file of an earlier version is read, and that of a later one refused', async () => {
  mkdirSync(join(root, 'old'), { recursive: true });
  const old = new DatabaseSync(join(root, 'old', 'state.db'));
  old.exec(
    'CREATE TABLE revision (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, status TEXT NOT NULL, desired BLOB NOT NULL, timeline BLOB) STRICT',
  );
  old
    .prepare("INSERT INTO revision VALUES (1, 5, 'me', 'done', ?, NULL)")
    .run(gzipSync(JSON.stringify(desired)));
  old.close();
  const store = new SqliteStore('old');
  expect(await store.last()).toMatchObject({ number: 1, at: 5, desired, images: {}, why: '' });
  await store.close();
  const later = new DatabaseSync(join(root, 'old', 'state.db'));
  later.exec('PRAGMA user_version = 99');
  later.close();
  expect(() => new SqliteStore('old')).toThrow(expect.objectContaining({ code: 'KLG-508' }));
});

test('only its owner can read it', async () => {
  await new SqliteStore('private').close();
  expect(statSync(join(root, 'private', 'state.db')).mode & 0o777).toBe(0o600);
});

test('nothing is made by asking whether there is something', () => {
  expect(SqliteStore.existing('never')).toBeNull();
  expect(SqliteStore.existing('never')).toBeNull();
});

test('a damaged file has a code of its own', () => {
  mkdirSync(join(root, 'broken'), { recursive: true });
  writeFileSync(
    join(root, 'broken', 'state.db'),
    'this is no database, but it is long enough to be taken for one',
  );
  expect(() => new SqliteStore('broken')).toThrow(expect.objectContaining({ code: 'KLG-508' }));
});
