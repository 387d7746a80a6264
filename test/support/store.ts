import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Desired } from '../../src/model/resource.ts';
import { identityOf, type StateStore } from '../../src/state/store.ts';

export const desired: Desired = {
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

export const fresh = { desired, images: {}, secrets: {}, by: 'me', why: '', base: null, continues: null };

/** What every store promises, as tests. `open` opens the state of a deployment; whoever opens it again sees what was written. */
export function storeTests(open: (deployment: string) => Promise<StateStore>): void {
  test('what was begun is unfinished until it ended well, and then the last', async () => {
    const store = await open('demo');
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
    expect((await store.revision(first))?.endedAt).toEqual(expect.any(Number));
    expect(await store.revision(99)).toBeNull();
    await store.close();
  });

  test('a large revision comes back as it was', async () => {
    const store = await open('large');
    // What cannot be compressed.
    const long = randomBytes(2_000_000).toString('base64');
    const number = await store.begin({ ...fresh, images: { long }, secrets: { long } });
    const other = await open('large');
    expect((await other.revision(number))?.images['long']).toBe(long);
    expect((await other.secrets(number)).get('long')).toBe(long);
    await store.close();
    await other.close();
  });

  test('the journal is there as soon as it is told, and events soon after, for whoever opens the store next', async () => {
    const store = await open('told');
    const number = await store.begin(fresh);
    store.record(number, { at: 1, type: 'change-done', key: 'task:a/b' });
    await store.note(number, { type: 'save', service: 'a', revision: number });
    await store.note(number, { type: 'task', id: 'a/b', fingerprint: 'f' });
    const other = await open('told');
    expect(await other.timeline(number)).toEqual([{ at: 1, type: 'change-done', key: 'task:a/b' }]);
    expect(await other.journal(number)).toEqual([
      { type: 'save', service: 'a', revision: number },
      { type: 'task', id: 'a/b', fingerprint: 'f' },
    ]);
    store.record(number, { at: 2, type: 'change-done', key: 'task:a/c' });
    await store.close();
    expect(await other.timeline(number)).toHaveLength(2);
    await other.close();
  });

  test('events and entries of many turns keep their order', async () => {
    const store = await open('order');
    const number = await store.begin(fresh);
    const ids = Array.from({ length: 25 }, (_, at) => `a/${at}`);
    await Promise.all(ids.map((id) => store.note(number, { type: 'volume', id })));
    for (const id of ids) store.record(number, { at: 1, type: 'change-done', key: `task:${id}` });
    const other = await open('order');
    await other.note(number, { type: 'volume', id: 'last' });
    expect((await store.journal(number)).map((entry) => 'id' in entry && entry.id)).toEqual([...ids, 'last']);
    expect(await store.timeline(number)).toMatchObject(ids.map((id) => ({ key: `task:${id}` })));
    await store.close();
    await other.close();
  });

  test('one that continues another takes its journal over, and ends it', async () => {
    const store = await open('continued');
    const first = await store.begin(fresh);
    await store.note(first, { type: 'task', id: 'a/b', fingerprint: 'f' });
    const second = await store.begin({ ...fresh, continues: first, notes: [{ type: 'undone' }] });
    expect(await store.journal(second)).toEqual([
      { type: 'task', id: 'a/b', fingerprint: 'f' },
      { type: 'undone' },
    ]);
    expect(await store.revision(first)).toMatchObject({
      status: 'failed',
      failure: `given up for revision ${second}`,
      endedAt: expect.any(Number),
    });
    await store.close();
  });

  test('quarantined is what failed and was taken back, until it went well', async () => {
    const store = await open('bad');
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
    await store.close();
  });

  test('an attempt with other data in the place of what is there is another attempt', async () => {
    const store = await open('switched');
    const change = { service: 'a', key: 'k', from: null, keep: false };
    const notes = [{ type: 'switch', ...change }] as const;
    const number = await store.begin({ ...fresh, notes });
    await store.mark(number, 'reverting', 'it broke');
    await store.mark(number, 'reverted');
    expect(await store.quarantined(identityOf(fresh))).toBeNull();
    expect(await store.quarantined(identityOf(fresh, notes))).toMatchObject({ number });
    await store.close();
  });

  test('a lock is held until it is given back, and says by whom', async () => {
    const [mine, other] = [await open('locked'), await open('locked')];
    {
      await using _held = await mine.lock();
      await expect(other.lock()).rejects.toMatchObject({
        code: 'KLG-503',
        message: expect.stringContaining(`process ${process.pid} `),
      });
      await mine.begin(fresh);
    }
    {
      await using _now = await other.lock();
    }
    await mine.close();
    await other.close();
  });

  test('a pause holds until its time or until it is taken back, and the last one counts', async () => {
    const store = await open('paused');
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
    await store.close();
  });
}

/** That of several that begin at the same moment each has a number of its own, and all of its own. `open` opens the state of a deployment that has none. */
export async function beginTogether(open: () => Promise<StateStore>): Promise<void> {
  const stores = await Promise.all(Array.from({ length: 4 }, () => open()));
  const numbers = await Promise.all(
    stores.map((store, at) =>
      store.begin({ ...fresh, secrets: { at: String(at) }, notes: [{ type: 'volume', id: String(at) }] }),
    ),
  );
  expect([...numbers].sort()).toEqual([1, 2, 3, 4]);
  for (const [at, number] of numbers.entries()) {
    expect((await stores[0]?.secrets(number))?.get('at')).toBe(String(at));
    expect(await stores[0]?.journal(number)).toEqual([{ type: 'volume', id: String(at) }]);
  }
  await Promise.all(stores.map((store) => store.close()));
}
