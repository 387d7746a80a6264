import { expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import type { Desired, Need } from '../model/resource.ts';
import { desiredOf } from '../plan/testing.ts';
import { converge } from './converge.ts';
import { type Saved, savedFor } from './restore.ts';
import { badImage, Memory, SimulatedEngine, SimulatedStore, Steps, World } from './testing.ts';

/* Going back to an older schema on purpose: with the data that was saved, whole or not at all. */

const health = {
  probe: { type: 'command' as const, command: ['healthy'] },
  interval: 1,
  timeout: 1,
  grace: -1,
};
const state = (image: string): Desired =>
  desiredOf({
    workloads: [{ id: 's/x', image, health, needs: [{ kind: 'task', task: 's/t' }] }],
    tasks: [
      { id: 's/t', image, phase: 'expand', changes: ['s'] },
      { id: 's/save', phase: 'save', command: ['save'] },
      { id: 's/restore', phase: 'restore', command: ['restore'] },
    ],
  });
const [one, two] = [state('1'), state('2')];

async function run(
  world: World,
  memory: Memory,
  desired: Desired,
  steps = new Steps(),
  restore: readonly Saved[] = [],
): Promise<string> {
  try {
    const number = await converge({
      engine: new SimulatedEngine(world, steps),
      store: new SimulatedStore(memory, steps),
      desired,
      by: 'test',
      why: '',
      retry: true,
      secrets: async () => () => 'value',
      planned: async () => true,
      emit: () => undefined,
      signal: new AbortController().signal,
      restore,
    });
    return String(number);
  } catch (error) {
    if (steps.dead) return 'crashed';
    if (error instanceof KollageError) return error.code;
    throw error;
  }
}

/** Back to the first revision, from where the second one runs. */
async function back(world: World, memory: Memory, steps = new Steps()): Promise<string> {
  const store = new SimulatedStore(memory, new Steps());
  const [target, last] = [await store.revision(1), await store.last()];
  if (!target || !last) throw new Error('nothing runs');
  const { saved, missing } = await savedFor(store, target, last.desired, world.done);
  expect(missing).toEqual([]);
  return run(world, memory, target.desired, steps, saved);
}

async function started() {
  const [world, memory] = [new World(), new Memory()];
  expect(await run(world, memory, one)).toBe('1');
  const first = world.snapshot();
  expect(await run(world, memory, two)).toBe('2');
  return { world, memory, first, second: world.snapshot() };
}

test('the data is as it was, and going forward again prepares it again', async () => {
  const { world, memory, first, second } = await started();
  expect(first).not.toEqual(second);
  expect(await back(world, memory)).toBe('3');
  expect(world.snapshot()).toEqual(first);
  expect(await run(world, memory, two)).toBe('4');
  expect(world.snapshot()).toEqual(second);
});

test.each(['back again', 'forward'])(
  'killed at each step, and %s then, it is the one or the other',
  async (way) => {
    const start = await started();
    for (let crashAt = 0, outcome = 'crashed'; outcome === 'crashed'; crashAt++) {
      const [world, memory] = [start.world.clone(), start.memory.clone()];
      outcome = await back(world, memory, new Steps({ crashAt }));
      if (way === 'forward') {
        await run(world, memory, two);
        expect(world.snapshot()).toEqual(start.second);
      } else {
        await back(world, memory);
        expect(world.snapshot()).toEqual(start.first);
      }
      expect(world.broken).toEqual([]);
    }
  },
);

test('a step that fails gives the newer data back', async () => {
  const start = await started();
  for (let failAt = 0, outcome = ''; outcome !== '3'; failAt++) {
    const [world, memory] = [start.world.clone(), start.memory.clone()];
    outcome = await back(world, memory, new Steps({ failAt }));
    if (outcome === '3') break;
    await run(world, memory, two);
    expect(world.snapshot()).toEqual(start.second);
  }
});

test('what was not saved, or whose save is gone, is named', async () => {
  const { world, memory } = await started();
  const store = new SimulatedStore(memory, new Steps());
  const target = await store.revision(1);
  if (!target) throw new Error('nothing runs');
  expect(await savedFor(store, target, two, world.done)).toEqual({
    others: ['s/t'],
    saved: [{ service: 's', revision: 2 }],
    missing: [],
  });
  const without = new Set([...world.done].filter((record) => !record.startsWith('s/save')));
  expect(await savedFor(store, target, two, without)).toEqual({ others: ['s/t'], saved: [], missing: ['s'] });
  expect(await savedFor(store, target, one, world.done)).toEqual({ others: [], saved: [], missing: [] });
});

test('what others need for their data has its own back before it runs again', async () => {
  const on = (image: string): Desired =>
    desiredOf({
      workloads: [
        { id: 'd/x', image, health, needs: [{ kind: 'task', task: 'd/t' }] },
        { id: 's/x', image, health, needs: [{ kind: 'task', task: 's/t' }] },
      ],
      tasks: ['d', 's'].flatMap((service) => {
        const needs: Need[] =
          service === 's' ? [{ kind: 'component', component: 'd/x', on: 'any', probe: health.probe }] : [];
        return [
          { id: `${service}/t`, image, phase: 'expand', changes: [service], needs },
          { id: `${service}/save`, phase: 'save', command: ['save'], needs },
          { id: `${service}/restore`, phase: 'restore', command: ['restore'], needs },
        ] as const;
      }),
    });
  const [world, memory] = [new World(), new Memory()];
  expect(await run(world, memory, on('1'))).toBe('1');
  const first = world.snapshot();
  expect(await run(world, memory, on(badImage))).toBe('KLG-505');
  expect(world.snapshot()).toEqual(first);
  expect(await run(world, memory, on('2'))).toBe('3');
  const second = world.snapshot();
  expect(second).not.toEqual(first);
  expect(await back(world, memory)).toBe('4');
  expect(world.snapshot()).toEqual(first);
  expect(world.broken).toEqual([]);
});
