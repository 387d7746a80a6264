import { describe, expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import type { Need } from '../model/resource.ts';
import { desiredOf, type TestTask } from '../plan/testing.ts';
import { converge } from './converge.ts';
import { usersOf } from './switch.ts';
import { takeBack } from './take-back.ts';
import { badImage, Memory, SimulatedEngine, SimulatedStore, Steps, World } from './testing.ts';

/* That other data takes the place of a service's, whole or not at all, whenever it is killed and whatever fails. */

const health = {
  probe: { type: 'command', command: ['healthy'] },
  interval: 1,
  timeout: 1,
  grace: -1,
} as const;
const component = (id: string): Need => ({
  kind: 'component',
  component: id,
  on: 'any',
  probe: { type: 'tcp', host: '127.0.0.1', port: 1 },
});

/** `app` is spoiled only by data that it cannot use: its task fails then. */
const parts = {
  nodes: ['n1'],
  workloads: [
    { id: 'db/server', health },
    { id: 'app/api', health, needs: [component('db/server'), { kind: 'task', task: 'app/users' } as const] },
    { id: 'front/web', health, needs: [component('app/api')] },
    { id: 'cache/server', health },
  ],
  tasks: [
    { id: 'app/users', phase: 'bootstrap', needs: [component('db/server')] },
    { id: 'db/switch', phase: 'switch', command: ['switch'] },
    { id: 'db/switch.undo', phase: 'undo', command: ['back'] },
    { id: 'db/discard', phase: 'discard', command: ['discard'] },
  ] satisfies TestTask[],
};
const desired = desiredOf(parts);
const users = ['db/server', 'app/api', 'front/web'];

type Way = 'up' | 'restore' | 'back';

async function run(world: World, memory: Memory, way: Way, steps = new Steps()): Promise<string> {
  const store = new SimulatedStore(memory, steps);
  const means = {
    engine: new SimulatedEngine(world, steps),
    store,
    secrets: async () => () => 'value',
    emit: () => undefined,
    signal: new AbortController().signal,
  };
  try {
    const open = await store.unfinished();
    if (way === 'back') {
      if (open) await takeBack(means, open, null);
      return 'done';
    }
    await converge({
      ...means,
      desired,
      by: 'test',
      why: '',
      retry: false,
      planned: async () => true,
      ...(way === 'restore' && { switch: { service: 'db', key: 'k1', from: 'b1', keep: false } }),
    });
    return 'done';
  } catch (error) {
    if (steps.dead) return 'crashed';
    if (error instanceof KollageError) return error.code;
    throw error;
  }
}

/** All runs on old data, and other lies ready. */
async function started(): Promise<{ world: World; memory: Memory }> {
  const [world, memory] = [new World(), new Memory()];
  expect(await run(world, memory, 'up')).toBe('done');
  world.data.set('db', ['old']);
  world.ready.set('k1', ['restored']);
  world.users = new Set(users);
  return { world, memory };
}

function runs(world: World): string[] {
  return [...world.containers.values()]
    .flatMap(({ process, state }) => (process.kind === 'workload' && state === 'running' ? [process.id] : []))
    .sort();
}

function isWhole(world: World): void {
  expect(world.broken).toEqual([]);
  expect(runs(world)).toEqual(['app/api', 'cache/server', 'db/server', 'front/web']);
}

test('who uses the data stops, and nobody else; what tasks did to it they do again; what was kept goes', async () => {
  const { world, memory } = await started();
  const cache = world.containers.get('test-cache/server-1')?.container;
  world.ran.splice(0);
  expect([...usersOf(desired, new Set(['db']))].sort()).toEqual([
    'task:app/users',
    'workload:app/api',
    'workload:db/server',
    'workload:front/web',
  ]);
  expect(await run(world, memory, 'restore')).toBe('done');
  isWhole(world);
  expect(world.data.get('db')).toEqual(['restored']);
  expect(world.containers.get('test-cache/server-1')?.container).toBe(cache);
  expect(world.ran.map((one) => one.split(' ')[0])).toEqual(['db/switch', 'app/users', 'db/discard']);
  expect([world.kept.size, world.ready.size]).toEqual([0, 0]);
  expect(memory.revisions.map(({ status }) => status)).toEqual(['done', 'done']);
});

describe.each(['up', 'restore', 'back'] as const)('killed at any step, and then %s', (then) => {
  test('the data is the old or the restored, as was wanted, and everything runs', async () => {
    const start = await started();
    for (let crashAt = 0; ; crashAt++) {
      const [world, memory] = [start.world.clone(), start.memory.clone()];
      const first = await run(world, memory, 'restore', new Steps({ crashAt }));
      if (first === 'done') break;
      const open = memory.revisions.at(-1)?.status === 'applying';
      const done = memory.revisions.length === 2 && !open;
      expect(await run(world, memory, then), `at ${crashAt}`).toBe('done');
      // Who interrupts it before anything is stopped has everything as it was.
      isWhole(world);
      const restored = then === 'restore' || done || (then === 'up' && open);
      expect(world.data.get('db'), `at ${crashAt}`).toEqual([restored ? 'restored' : 'old']);
      expect(await run(world, memory, 'up')).toBe('done');
      isWhole(world);
    }
  });
});

test('an act that fails puts the old data back, and stands in the way of no other change', async () => {
  const start = await started();
  for (let failAt = 0; ; failAt++) {
    const [world, memory] = [start.world.clone(), start.memory.clone()];
    const steps = new Steps({ failAt });
    const first = await run(world, memory, 'restore', steps);
    if (steps.taken <= failAt) break;
    const now = memory.revisions.at(-1);
    if (now?.status === 'reverted') expect(world.data.get('db'), `at ${failAt}`).toEqual(['old']);
    // What was told as failed although all was done: taking away what was kept.
    if (first === 'done') expect(world.data.get('db')).toEqual(['restored']);
    expect(await run(world, memory, 'up'), `at ${failAt}`).toBe('done');
    isWhole(world);
    expect(['old', 'restored']).toContain(world.data.get('db')?.[0]);
  }
});

test('data on which something does not become healthy is switched back', async () => {
  const { world, memory } = await started();
  // What it finds in the new data it cannot work with.
  const broken = world.listen((event) => {
    const there = world.containers.get('test-app/api-1');
    if (event.type === 'started' && world.data.get('db')?.[0] === 'restored' && there)
      world.containers.set('test-app/api-1', { ...there, process: { ...there.process, image: badImage } });
  });
  expect(await run(world, memory, 'restore')).toBe('KLG-504');
  broken();
  expect(world.data.get('db')).toEqual(['old']);
  isWhole(world);
  expect(memory.revisions.at(-1)).toMatchObject({ status: 'reverted' });
  expect(await run(world, memory, 'up')).toBe('done');
});
