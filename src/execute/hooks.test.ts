import { beforeEach, expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import { desiredOf, type TestDesired } from '../plan/testing.ts';
import { converge } from './converge.ts';
import type { Hooks, When } from './hooks.ts';
import { badImage, Memory, SimulatedEngine, SimulatedStore, Steps, World } from './testing.ts';

const probe = { type: 'command' as const, command: ['healthy'] };
/** Two services, each with a workload and a task, of which the second needs the first. */
const state = (a: string, b: string): TestDesired => ({
  workloads: [
    { id: 'a/x', image: a, health: { probe, interval: 1, timeout: 1, grace: -1 } },
    { id: 'a/y', image: a, health: { probe, interval: 1, timeout: 1, grace: -1 } },
    { id: 'b/x', image: b, health: { probe, interval: 1, timeout: 1, grace: -1 } },
  ],
  tasks: [{ id: 'a/t', image: a }],
});
const [one, two] = [desiredOf(state('1', '1')), desiredOf(state('2', '1'))];

let world: World;
let memory: Memory;
/** What hooks ran, with the builds that service a had then. */
let ran: string[];

const builds = () =>
  ['a/x', 'a/y'].map(
    (id) => world.containers.get(`test-${id}-1`)?.image.replace(/^sha256:|#.*$/g, '') ?? '-',
  );

/** Hooks of both services; `fails` makes one fail. */
function hooks(fails?: string, code: 'KLG-514' | 'KLG-515' = 'KLG-514'): Hooks {
  return {
    names: (service, when) => [`${when} ${service}`],
    run: async (service: string, when: When) => {
      ran.push(`${when} ${service} ${builds()}`);
      if (fails === `${when} ${service}`) throw new KollageError({ code, message: 'it does not do' });
    },
  };
}

async function run(desired = two, given = hooks(), steps = new Steps()): Promise<string> {
  try {
    const number = await converge({
      engine: new SimulatedEngine(world, steps),
      store: new SimulatedStore(memory, steps),
      desired,
      by: 'test',
      why: '',
      retry: false,
      secrets: async () => () => 'value',
      planned: async () => true,
      emit: () => undefined,
      signal: new AbortController().signal,
      hooks: given,
    });
    return String(number);
  } catch (error) {
    if (steps.dead) return 'crashed';
    if (error instanceof KollageError) return error.code;
    throw error;
  }
}

beforeEach(async () => {
  [world, memory, ran] = [new World(), new Memory(), []];
  expect(await run(one)).toBe('1');
});

test('of what is new there is no before', () => {
  expect(ran).toEqual(expect.arrayContaining(['after a 1,1', expect.stringMatching(/^after b/)]));
  expect(ran).toHaveLength(2);
});

test('once, before the first change of a service and after its last, and only of one that changes', async () => {
  ran = [];
  expect(await run()).toBe('2');
  expect(ran).toEqual(['before a 1,1', 'after a 2,2']);
  expect(await run()).toBe('null');
  expect(ran).toHaveLength(2);
});

test('also of what is taken away', async () => {
  ran = [];
  expect(await run(desiredOf({ workloads: (state('1', '1').workloads ?? []).slice(2) }))).toBe('2');
  expect(ran).toEqual(['before a 1,1', 'after a -,-']);
});

test.each(['before a', 'after a'])('what fails %s fails the change, which is taken back', async (which) => {
  expect(await run(two, hooks(which))).toBe('KLG-514');
  expect(builds()).toEqual(['1', '1']);
  expect(await run()).toBe('KLG-511');
});

test('a change that fails is taken back without hooks', async () => {
  ran = [];
  expect(await run(desiredOf(state(badImage, '1')))).not.toBe('2');
  expect(ran).toEqual(['before a 1,1']);
  expect(builds()).toEqual(['1', '1']);
});

test('after a no it may be tried again', async () => {
  expect(await run(two, hooks('before a', 'KLG-515'))).toBe('KLG-515');
  expect(builds()).toEqual(['1', '1']);
  expect(await run()).toBe('3');
});

test('killed at each step, each of them has run when all is done', async () => {
  for (let crashAt = 0, first = 'crashed'; first === 'crashed'; crashAt++) {
    [world, memory] = [new World(), new Memory()];
    expect(await run(one)).toBe('1');
    ran = [];
    first = await run(two, hooks(), new Steps({ crashAt }));
    if (first === 'crashed') await run();
    expect(builds()).toEqual(['2', '2']);
    expect(ran.filter((text) => text === 'before a 1,1').length).toBeGreaterThan(0);
    expect(ran.at(-1)).toBe('after a 2,2');
    expect(ran.length).toBeLessThanOrEqual(4);
  }
});
