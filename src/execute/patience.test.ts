import { expect, test } from 'vitest';
import { complaints } from '../../test/support/folders.ts';
import type { Desired } from '../model/resource.ts';
import { makePlan } from '../plan/plan.ts';
import { desiredOf } from '../plan/testing.ts';
import { execute } from './execute.ts';
import { SimulatedEngine, Steps, World } from './testing.ts';

/* On the way back there is more time for everything: what ran before has worked. */

const slow = desiredOf({
  workloads: [
    {
      id: 'a/b',
      health: { probe: { type: 'command', command: ['healthy'] }, interval: 1, timeout: 1, grace: 1 },
    },
  ],
});
const task = desiredOf({ tasks: [{ id: 'a/t', phase: 'bootstrap' }] });

async function run(
  world: World,
  desired: Desired,
  times: number,
  engine = new SimulatedEngine(world, new Steps()),
) {
  const plan = makePlan({ desired, last: null, observed: {} });
  const signal = new AbortController().signal;
  const rest = { settle: false, secret: () => undefined, emit: () => undefined, signal };
  return complaints(() => execute({ engine, plan, desired, times, ...rest }));
}

test.each([
  [1, [expect.stringContaining('KLG-504 - a/b is not healthy after 1 s')]],
  [5, []],
])('what is healthy after two seconds, of which it has one, %i times', async (times, expected) => {
  const began = Date.now();
  const world = new World();
  class Slow extends SimulatedEngine {
    override exec = async () => (Date.now() - began > 2000 ? 0 : 1);
  }
  expect(await run(world, slow, times, new Slow(world, new Steps()))).toEqual(expected);
});

test.each([
  [1, 1, [expect.stringContaining('KLG-505 - a/t ended with 75')]],
  [5, 4, []],
  [5, 5, [expect.stringContaining('KLG-505 - a/t ended with 75')]],
])('patient %i times, a task that gives up %i times', async (times, giving, expected) => {
  const world = new World();
  world.givingUp.set('a/t', giving);
  expect(await run(world, task, times)).toEqual(expected);
});
