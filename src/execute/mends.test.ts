import { expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import type { Desired } from '../model/resource.ts';
import { desiredOf, type TestTask } from '../plan/testing.ts';
import { converge } from './converge.ts';
import { badImage, Memory, SimulatedEngine, SimulatedStore, Steps, World } from './testing.ts';

/* That what mends runs in both directions: here, what makes two passwords hold, and what takes one of them away. */

const health = {
  probe: { type: 'command', command: ['healthy'] },
  interval: 1,
  timeout: 1,
  grace: -1,
} as const;

const state = (secret: string, image = 'image:1') =>
  desiredOf({
    nodes: ['n1'],
    secrets: { pass: secret },
    workloads: [
      { id: 'app/api', health, image, secrets: ['pass'], needs: [{ kind: 'task', task: 'app/both' }] },
    ],
    tasks: [
      { id: 'app/both', phase: 'bootstrap', secrets: ['pass'] },
      {
        id: 'app/one',
        phase: 'contract',
        changes: [],
        secrets: ['pass'],
        needs: [{ kind: 'task', task: 'app/both' }],
      },
    ] satisfies TestTask[],
  });

async function run(world: World, memory: Memory, desired: Desired): Promise<string> {
  try {
    await converge({
      engine: new SimulatedEngine(world, new Steps()),
      store: new SimulatedStore(memory, new Steps()),
      desired,
      by: 'test',
      why: '',
      retry: false,
      secrets: async () => () => 'value',
      planned: async () => true,
      emit: () => undefined,
      signal: new AbortController().signal,
    });
    return 'done';
  } catch (error) {
    if (error instanceof KollageError) return error.code;
    throw error;
  }
}

const names = (world: World) => world.ran.splice(0).map((one) => one.split(' ')[0]);

test('forward, and back again on purpose', async () => {
  const [world, memory] = [new World(), new Memory()];
  expect(await run(world, memory, state('a'))).toBe('done');
  names(world);
  for (const secret of ['b', 'a']) {
    expect(await run(world, memory, state(secret))).toBe('done');
    expect(names(world)).toEqual(['app/both', 'app/one']);
  }
});

test('taken back before the last of it had begun, the first password is again the only one', async () => {
  const [world, memory] = [new World(), new Memory()];
  expect(await run(world, memory, state('a'))).toBe('done');
  names(world);
  expect(await run(world, memory, state('b', badImage))).toBe('KLG-504');
  expect(names(world)).toEqual(['app/both', 'app/both', 'app/one']);
});
