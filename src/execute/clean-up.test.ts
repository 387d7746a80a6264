import { afterEach, expect, test, vi } from 'vitest';
import type { Workload } from '../model/resource.ts';
import { desiredOf, needs } from '../plan/testing.ts';
import { cleanUp } from './clean-up.ts';
import { Site } from './site.ts';
import { badImage, SimulatedEngine, Steps, World } from './testing.ts';

afterEach(() => vi.useRealTimers());

const cleanup = ['tidy'];
const onNode = (component: string): Workload['needs'][number] => ({
  kind: 'component',
  component,
  on: 'node',
  probe: { type: 'socket', path: '/run/x' },
});
const desired = desiredOf({
  workloads: [
    { id: 'net/agent', cleanup, needs: [onNode('switch/daemon'), needs('broker/main')] },
    { id: 'switch/daemon', cleanup, needs: [onNode('switch/db')] },
    { id: 'switch/db' },
    { id: 'broker/main' },
    { id: 'other/api' },
  ],
});

/** What is said to be left, and what runs afterwards; `running`: what does before. */
async function after(running: readonly string[], wanted = desired, world = new World(), steps = new Steps()) {
  const engine = new SimulatedEngine(world, steps);
  const site = new Site({
    engine,
    desired: wanted,
    secret: () => undefined,
    emit: () => undefined,
    signal: new AbortController().signal,
  });
  for (const one of wanted.resources)
    if (one.kind === 'workload' && running.includes(one.id))
      world.make(site.instanceName(one.id), one, site.provision(one));
  const left = await cleanUp(site);
  await site.close();
  return { left, runs: [...world.containers.values()].map(({ process }) => process.id).sort() };
}

test('what does not run is started, with what it needs on its node and nothing else', async () => {
  expect(await after(['broker/main'])).toEqual({
    left: [],
    runs: ['broker/main', 'net/agent', 'switch/daemon', 'switch/db'],
  });
});

test('where what made it runs, nothing is started', async () => {
  const all = ['broker/main', 'net/agent', 'switch/daemon', 'switch/db'];
  const world = new World();
  const steps = new Steps();
  expect(await after(all, desired, world, steps)).toEqual({ left: [], runs: all });
  // Two steps each: what is there, and two commands.
  expect(steps.taken).toBe(6);
});

test('what cannot be taken away in half a minute is said, and the others go on', async () => {
  vi.useFakeTimers();
  const wanted = desiredOf({
    workloads: [
      { id: 'a/deaf', cleanup, image: badImage },
      { id: 'b/well', cleanup },
    ],
  });
  const cleaned = after([], wanted);
  await vi.advanceTimersByTimeAsync(31_000);
  const { left } = await cleaned;
  expect(left).toEqual([
    expect.stringMatching(/^a\/deaf may have left something on its node: .*ends with 1/),
  ]);
});

test('what does not end in half a minute is interrupted, and not waited for', async () => {
  vi.useFakeTimers();
  const wanted = desiredOf({
    workloads: [
      { id: 'a/stuck', cleanup },
      { id: 'b/well', cleanup },
    ],
  });
  const world = new World();
  const stuck = vi.spyOn(SimulatedEngine.prototype, 'exec').mockImplementationOnce((...[, , , io]) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    io.interrupt.addEventListener('abort', () => resolve(-1));
    return promise;
  });
  try {
    const cleaned = after(['a/stuck', 'b/well'], wanted, world);
    await vi.advanceTimersByTimeAsync(31_000);
    const { left } = await cleaned;
    expect(left).toEqual(['a/stuck may have left something on its node: it did not end in 30 s']);
  } finally {
    stuck.mockRestore();
  }
});

test('what cannot be started is said at once', async () => {
  // The first step is to look, the second pair starts the database of the switch or the switch.
  const { left } = await after(['broker/main'], desired, new World(), new Steps({ failAt: 2 }));
  expect(left).toEqual([expect.stringContaining('the engine refuses')]);
});

test('what an engine placed on many nodes cleans up on each of them, and where it cannot the node is named', async () => {
  const engine = new SimulatedEngine(new World(), new Steps());
  const ran: string[] = [];
  const states = { n1: 'running', n2: 'running', n3: 'stopped', n4: 'starting' } as const;
  const placed = (['n1', 'n2', 'n3', 'n4'] as const).map((node) => ({
    workload: 'net/agent',
    name: `agent-${node}`,
    node,
    fingerprint: '',
    state: states[node],
  }));
  const others = ['switch/daemon', 'switch/db'].map((workload) => ({
    ...placed[0],
    workload,
    name: workload,
  }));
  Object.assign(engine, {
    whole: {},
    observe: async () => ({ instances: [...placed, ...others] }),
    exec: async (_: string, instance: string) => {
      ran.push(instance);
      if (instance === 'agent-n2') throw new Error('the node is lost');
      return 0;
    },
  });
  const site = new Site({
    engine,
    desired,
    secret: () => undefined,
    emit: () => undefined,
    signal: new AbortController().signal,
  });
  vi.useFakeTimers();
  const cleaned = cleanUp(site);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(await cleaned).toEqual([
    'net/agent may have left something on n2: the node is lost',
    'net/agent may have left something on n4: agent-n4 does not answer',
  ]);
  expect(new Set(ran)).toEqual(new Set(['agent-n1', 'agent-n2', 'switch/daemon']));
});
