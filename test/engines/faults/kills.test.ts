import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { KollageEvent } from '../../../src/model/event.ts';
import { dockerWorld } from '../docker-world.ts';
import { Running } from '../running.ts';
import { makeShop } from '../shop.ts';

/* A process that dies, or a container that somebody kills, stops or removes, while everything comes up. */

const name = 'kollage-fault-kills';
const world = dockerWorld();
const ports = 21631;
const shop = makeShop(name, ports, world.settings);
const shopping = new Running(shop.folder);
const components = ['store-server', 'web-front', 'web-back', 'web-setup'];

afterAll(() => shopping.destroy());

/** Does it to a container at the nth event of a run, or as soon after that as it is there. */
function at(
  moment: number,
  container: string,
  act: (instance: string) => void,
): (event: KollageEvent) => void {
  const instance = `${name}-${container}`;
  let seen = 0;
  let done = false;
  return () => {
    if (done || ++seen < moment || !world.instances(name).has(instance)) return;
    try {
      act(instance);
      done = true;
    } catch {
      // It does not run at this moment; the next event will do.
    }
  };
}

const ways = ['kill', 'order', 'stop', 'remove'] as const;

test.each(components)(
  '%s dies at any event in any way: all comes up; only a task is not begun again, and then the next run finishes',
  async (container) => {
    shop.configure('timeouts: { needs: 10 }\n');
    for (const [index, what] of ways.entries()) {
      const moment = 1 + 3 * ((index + components.indexOf(container)) % ways.length);
      const error = await shopping.tryUp(at(moment, container, world[what]));
      // A task is not begun again by itself, for it might not bear that.
      if (error) expect([container, error.code], error.message).toEqual(['web-setup', 'KLG-505']);
      // What died when all was done is the engine's to start again, or the next run's.
      await shopping.up();
      await shopping.becomesHealthy();
      await shopping.destroy();
    }
  },
);

describe('after it was healthy, while others still need it', () => {
  afterEach(() => shopping.destroy());

  /** So long that its need must be met anew after it (images/start/waiting.py, FRESH). */
  const slow = 'web: { options: { command: sleep 11 } }';

  test.each(['order', 'stop', 'remove'] as const)(
    '%s: it is started again, and all comes up',
    async (what) => {
      shop.configure(`timeouts: { needs: 30 }\nservices: { ${slow} }\n`);
      const events: KollageEvent[] = [];
      const seen = (type: KollageEvent['type'], key: string) =>
        events.some((event) => event.type === type && 'key' in event && event.key === key);
      let isDone = false;
      await shopping.up((event) => {
        events.push(event);
        if (isDone || !seen('change-done', 'workload:store/server') || !seen('started', 'task:web/setup'))
          return;
        isDone = true;
        world[what](`${name}-store-server`);
      });
      const store = events.flatMap((event) =>
        'key' in event && event.key === 'workload:store/server' ? [event.type] : [],
      );
      // That it has started is told by the engine and by itself.
      expect([...new Set(store.slice(store.indexOf('exited')))]).toEqual(['exited', 'started', 'healthy']);
      expect(await shopping.ailing()).toEqual([]);
    },
  );

  test('again and again: that is a failure, with the last lines of its log', async () => {
    const dying = `timeout --verbose 3 memcached -u memcached -l 127.0.0.1 -p ${ports}`;
    shop.configure(
      `timeouts: { needs: 30 }\nservices: { ${slow}, store: { options: { command: ${dying} } } }\n`,
    );
    const events: KollageEvent[] = [];
    const error = await shopping.failsUp((event) => events.push(event));
    expect([error.code, error.message]).toEqual([
      'KLG-504',
      expect.stringMatching(/store-server .*again and again/),
    ]);
    expect(events.filter(({ type }) => type === 'change-failed')).toMatchObject([
      {
        key: 'workload:store/server',
        logs: expect.arrayContaining([expect.stringContaining('timeout: sending signal TERM')]),
      },
    ]);
  });
});

test('what dies again and again is a failure that says so, with the last lines of its log', async () => {
  shop.configure('services: { store: { options: { command: ls /no/such/place } } }\n');
  const events: KollageEvent[] = [];
  const error = await shopping.failsUp((event) => events.push(event));
  expect([error.code, error.message]).toEqual(['KLG-504', expect.stringContaining('store-server')]);
  expect(events.find(({ type }) => type === 'change-failed')).toMatchObject({
    key: 'workload:store/server',
    logs: expect.arrayContaining([expect.stringContaining('/no/such/place')]),
  });
  shop.configure();
  await shopping.up();
  expect(await shopping.ailing()).toEqual([]);
});

test('a need that never comes is named, with the last lines of the log', async () => {
  await shopping.destroy();
  shop.configure('timeouts: { needs: 2 }\nservices: { store: { options: { command: sleep 1000 } } }\n');
  const events: KollageEvent[] = [];
  const error = await shopping.failsUp((event) => events.push(event));
  expect(['KLG-504', 'KLG-505']).toContain(error.code);
  expect(error.message).toContain('75');
  const failed = events.find(({ type }) => type === 'change-failed');
  expect(JSON.stringify(failed)).toMatch(/gave up after 2 s; not met: .*store\/main/);
  shop.configure();
  await shopping.up();
  expect(await shopping.ailing()).toEqual([]);
});
