import { expect, test } from 'vitest';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';
import { makePlan } from '../plan/plan.ts';
import { desiredOf } from '../plan/testing.ts';
import { execute } from './execute.ts';
import { SimulatedEngine, Steps, World } from './testing.ts';

const platform = (image: string) =>
  desiredOf({
    nodes: ['n1'],
    tasks: [
      { id: 'a/sync', image, phase: 'expand', outputs: { fresh: '/tmp/fresh' } },
      {
        id: 'a/contract',
        image,
        phase: 'contract',
        needs: [{ kind: 'task', task: 'a/sync' }],
        unless: { output: 'a/sync', key: 'fresh', is: 'yes' },
      },
    ],
  });

async function run(world: World, desired: Desired): Promise<KollageEvent[]> {
  const engine = new SimulatedEngine(world, new Steps());
  const observed = await engine.observe(desired.deployment, desired);
  const events: KollageEvent[] = [];
  await execute({
    plan: makePlan({ desired, last: null, observed }),
    desired,
    observed,
    engine,
    settle: false,
    secret: () => 'value',
    emit: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  return events;
}

const idsOf = (records: readonly string[]) => records.map((record) => record.split(' ')[0]);

test('a task is not run where another one says that there is nothing to do, and is done then', async () => {
  const world = new World();
  const desired = platform('one');
  const events = await run(world, desired);
  expect(idsOf(world.ran)).toEqual(['a/sync']);
  expect(idsOf([...world.done])).toEqual(['a/sync', 'a/contract']);
  expect(events.flatMap((event) => (event.type === 'change-done' ? [event.key] : []))).toEqual([
    'task:a/sync',
    'task:a/contract',
  ]);
  const observed = await new SimulatedEngine(world, new Steps()).observe(desired.deployment, desired);
  expect(makePlan({ desired, last: desired, observed }).changes).toEqual([]);
});

test('it is run where the other one, run again, says otherwise', async () => {
  const world = new World();
  await run(world, platform('one'));
  await run(world, platform('two'));
  expect(idsOf(world.ran)).toEqual(['a/sync', 'a/sync', 'a/contract']);
});

test('it is recorded later where the program died before', async () => {
  const world = new World();
  const desired = platform('one');
  await run(world, desired);
  const record = [...world.done].find((one) => one.startsWith('a/contract')) ?? '';
  world.done.delete(record);
  await run(world, desired);
  expect(idsOf(world.ran)).toEqual(['a/sync']);
  expect(world.done).toContain(record);
});
