import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { KollageEvent } from '../model/event.ts';
import { desiredOf } from '../plan/testing.ts';
import { Site } from './site.ts';
import { takeAllAway } from './take-away.ts';
import { SimulatedEngine, Steps, World } from './testing.ts';

/* Stopping: all at once, but who needs another one before it; and nobody looks at silence. */

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const probe = { type: 'file', path: '/up' } as const;
const needs = (...ids: string[]) =>
  ids.map((component) => ({ kind: 'component', component, on: 'any', probe }) as const);
const desired = desiredOf({
  workloads: [
    { id: 'a/db' },
    { id: 'a/api', needs: needs('a/db') },
    { id: 'a/web', needs: needs('a/api') },
    { id: 'b/other' },
  ],
});

/** Stops take as long as the test wants. */
class Stopping extends SimulatedEngine {
  readonly stops = new Map<string, () => void>();

  override removeInstance(_: string, instance: string): Promise<void> {
    return new Promise((resolve) => this.stops.set(instance, resolve));
  }
}

async function stopping(ids: readonly string[]) {
  const engine = new Stopping(new World(), new Steps());
  const events: KollageEvent[] = [];
  const { signal } = new AbortController();
  const site = new Site({
    engine,
    desired,
    secret: () => undefined,
    emit: (event) => events.push(event),
    signal,
  });
  const instances = ids.map((id) => {
    return { workload: id, name: id, node: 'n1', fingerprint: '', state: 'running' as const };
  });
  const done = takeAllAway(site, instances, desired);
  const ends = async (id: string) => {
    engine.stops.get(id)?.();
    engine.stops.delete(id);
    await vi.advanceTimersByTimeAsync(0);
  };
  await vi.advanceTimersByTimeAsync(0);
  return { done, ends, stops: () => [...engine.stops.keys()].sort(), events, site };
}

test('all stop at once, but what others of them need stops after those', async () => {
  const { done, ends, stops, site } = await stopping(['a/db', 'a/api', 'a/web', 'b/other']);
  expect(stops()).toEqual(['a/web', 'b/other']);
  await ends('a/web');
  expect(stops()).toEqual(['a/api', 'b/other']);
  await ends('a/api');
  expect(stops()).toEqual(['a/db', 'b/other']);
  await ends('a/db');
  await ends('b/other');
  await done;
  await site.close();
});

test('who needs one that stops waits for those between them only where they stop too', async () => {
  const { ends, stops, done, site } = await stopping(['a/db', 'a/web']);
  expect(stops()).toEqual(['a/web']);
  await ends('a/web');
  await ends('a/db');
  await done;
  await site.close();
});

test('sixteen at a time', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `b/other-${index}`);
  const { stops, ends, done, site } = await stopping(ids);
  expect(stops()).toHaveLength(16);
  await ends(stops()[0] ?? '');
  expect(stops()).toHaveLength(16);
  for (let one = stops()[0]; one !== undefined; one = stops()[0]) await ends(one);
  await done;
  await site.close();
});

test('one that takes long is told of, and when it is over; one that does not is not', async () => {
  const { done, ends, events, site } = await stopping(['a/db', 'b/other']);
  await ends('b/other');
  await vi.advanceTimersByTimeAsync(1500);
  await ends('a/db');
  await done;
  expect(events.map((event) => [event.type, 'key' in event && event.key])).toEqual([
    ['stopping', 'workload:a/db'],
    ['stopped', 'workload:a/db'],
  ]);
  await site.close();
});
