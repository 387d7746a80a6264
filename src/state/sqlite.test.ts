import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { scratch } from '../../test/support/folders.ts';
import type { Desired } from '../model/resource.ts';
import { SqliteStore } from './sqlite.ts';
import { identityOf } from './store.ts';

const root = scratch();
const desired: Desired = {
  deployment: 'demo',
  release: '1',
  engine: 'docker',
  network: 'host',
  nodes: [],
  timeouts: { needs: 600 },
  resources: [],
  logins: [],
  fingerprint: 'f',
};

beforeAll(() => void vi.stubEnv('KOLLAGE_STATE', root));
afterAll(() => void vi.unstubAllEnvs());

const fresh = { desired, images: {}, secrets: {}, by: 'me', why: '', base: null, continues: null };

test('what was begun is unfinished until it ended well, and then the last', async () => {
  const store = new SqliteStore('demo');
  const first = await store.begin(fresh);
  expect(await store.last()).toBeNull();
  expect((await store.unfinished())?.number).toBe(first);
  await store.mark(first, 'failed', 'no');
  expect(await store.unfinished()).toMatchObject({ status: 'failed', failure: 'no' });
  const second = await store.begin({
    ...fresh,
    why: 'again',
    images: { 'a:1': 'sha256:1' },
    secrets: { x: 'y' },
  });
  await store.mark(second, 'done');
  expect(await store.unfinished()).toBeNull();
  expect(await store.last()).toMatchObject({
    number: second,
    by: 'me',
    why: 'again',
    desired,
    images: { 'a:1': 'sha256:1' },
    base: null,
    failure: null,
  });
  expect(await store.secrets(second)).toEqual(new Map([['x', 'y']]));
  expect((await store.history()).map(({ number, status }) => [number, status])).toEqual([
    [first, 'failed'],
    [second, 'done'],
  ]);
  store.close();
});

test('events and the journal are there as soon as they are told, for whoever opens the store next', async () => {
  const store = new SqliteStore('told');
  const number = await store.begin(fresh);
  store.record(number, { at: 1, type: 'change-done', key: 'task:a/b' });
  await store.note(number, { type: 'save', service: 'a', revision: number });
  await store.note(number, { type: 'task', id: 'a/b', fingerprint: 'f' });
  const other = new SqliteStore('told');
  expect(await other.timeline(number)).toEqual([{ at: 1, type: 'change-done', key: 'task:a/b' }]);
  expect(await other.journal(number)).toEqual([
    { type: 'save', service: 'a', revision: number },
    { type: 'task', id: 'a/b', fingerprint: 'f' },
  ]);
  store.close();
  other.close();
});

test('one that continues another takes its journal over, and ends it', async () => {
  const store = new SqliteStore('continued');
  const first = await store.begin(fresh);
  await store.note(first, { type: 'task', id: 'a/b', fingerprint: 'f' });
  const second = await store.begin({ ...fresh, continues: first });
  expect(await store.journal(second)).toEqual([{ type: 'task', id: 'a/b', fingerprint: 'f' }]);
  expect((await store.revision(first))?.status).toBe('failed');
  store.close();
});

test('quarantined is what failed and was taken back, until it went well', async () => {
  const store = new SqliteStore('bad');
  const identity = identityOf(fresh);
  expect(await store.quarantined(identity)).toBeNull();
  const first = await store.begin(fresh);
  await store.mark(first, 'reverting', 'it broke');
  expect(await store.quarantined(identity)).toBeNull();
  await store.mark(first, 'reverted');
  expect(await store.quarantined(identity)).toMatchObject({ number: first, failure: 'it broke' });
  expect(await store.quarantined(identityOf({ ...fresh, images: { a: 'other bytes' } }))).toBeNull();
  await store.mark(await store.begin(fresh), 'done');
  expect(await store.quarantined(identity)).toBeNull();
  store.close();
});

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
  store.close();
  const later = new DatabaseSync(join(root, 'old', 'state.db'));
  later.exec('PRAGMA user_version = 99');
  later.close();
  expect(() => new SqliteStore('old')).toThrow(expect.objectContaining({ code: 'KLG-508' }));
});

test('only its owner can read it', () => {
  new SqliteStore('private').close();
  expect(statSync(join(root, 'private', 'state.db')).mode & 0o777).toBe(0o600);
});

test('a lock is held until it is given back, and says by whom', async () => {
  const [mine, other] = [new SqliteStore('locked'), new SqliteStore('locked')];
  {
    using _held = await mine.lock();
    await expect(other.lock()).rejects.toMatchObject({
      code: 'KLG-503',
      message: expect.stringContaining(`process ${process.pid} `),
    });
  }
  using _now = await other.lock();
});

test('a pause holds until its time or until it is taken back, and the last one counts', async () => {
  const store = new SqliteStore('paused');
  expect(await store.paused()).toBeNull();
  const pause = { by: 'me', why: 'a new disk', until: null };
  await store.pause(pause);
  expect(await store.paused()).toEqual(pause);
  await store.pause({ ...pause, until: Date.now() + 60_000 });
  expect(await store.paused()).toMatchObject({ until: expect.any(Number) });
  await store.pause({ ...pause, until: Date.now() - 1 });
  expect(await store.paused()).toBeNull();
  await store.pause(pause);
  await store.pause(null);
  expect(await store.paused()).toBeNull();
  store.close();
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
