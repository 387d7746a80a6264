import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Desired } from '../model/resource.ts';
import { SqliteStore } from './sqlite.ts';

const root = mkdtempSync(join(tmpdir(), 'kollage-state-'));
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

test('what was begun is unfinished until it ended well, and then the last', async () => {
  const store = new SqliteStore('demo');
  const first = await store.begin(desired, 'me');
  expect(await store.last()).toBeNull();
  expect((await store.unfinished())?.number).toBe(first);
  await store.end(first, 'failed', []);
  expect((await store.unfinished())?.status).toBe('failed');
  const second = await store.begin(desired, 'me');
  await store.end(second, 'done', [{ at: 1, type: 'change-done', key: 'task:a/b' }]);
  expect(await store.unfinished()).toBeNull();
  expect(await store.last()).toMatchObject({ number: second, by: 'me', desired });
  expect(await store.timeline(second)).toEqual([{ at: 1, type: 'change-done', key: 'task:a/b' }]);
  store.close();
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
