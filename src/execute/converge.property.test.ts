import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryParts } from '../../test/arbitrary/desired.ts';
import { KollageError } from '../model/error.ts';
import type { Drift } from '../model/plan.ts';
import { type Desired, type Health, runsByItself } from '../model/resource.ts';
import { desiredOf, type TestDesired, type TestTask } from '../plan/testing.ts';
import { converge } from './converge.ts';
import { badImage, Memory, SimulatedEngine, SimulatedStore, Steps, World } from './testing.ts';

/*
 * Whatever happens on the way from one state to another, in the end it is exactly the old one or exactly the new one.
 */

const health: Health = {
  probe: { type: 'command', command: ['healthy'] },
  interval: 1,
  timeout: 1,
  // Before it began: asked once.
  grace: -1,
};

/** Services that know how to save their data. */
const saving = ['s1', 's3'];

/** A task's phase does not change: what is data's and what mends itself stays that. */
const phaseOf = new Map([
  ['s1/a', 'expand' as const],
  ['s1/b', 'contract' as const],
  ['s3/a', 'migrate' as const],
]);

/** On one node, without workloads of no instance that others would wait for in vain; tasks of all phases. */
const parts: fc.Arbitrary<TestDesired> = fc
  .tuple(arbitraryParts, fc.array(fc.subarray(saving), { minLength: 7, maxLength: 7 }))
  .map(([{ workloads = [], tasks = [], ...rest }, changes]) => ({
    ...rest,
    nodes: ['n1'],
    workloads: workloads.map((one) => ({
      ...one,
      health,
      scale:
        one.scale && 'replicas' in one.scale
          ? { replicas: Math.max(1, one.scale.replicas) }
          : { replicas: 1 },
    })),
    tasks: [
      ...tasks.map((task, index): TestTask => {
        const [own = ''] = task.id.split('/');
        const phase = phaseOf.get(task.id) ?? 'bootstrap';
        const others = phase === 'bootstrap' ? (changes[index] ?? []) : [own];
        return { ...task, each: 'deployment', phase, changes: others, ...saying(task, tasks) };
      }),
      ...tasks.map((task): TestTask => ({ id: `${task.id}.undo`, phase: 'undo', command: ['undo'] })),
      ...saving.flatMap((service): TestTask[] => [
        { id: `${service}/save`, phase: 'save', command: ['save'] },
        { id: `${service}/restore`, phase: 'restore', command: ['restore'] },
      ]),
    ],
  }));

/** The first task says whether there was no data before, and then there is nothing to do for the second. */
function saying({ id, needs = [] }: TestTask, tasks: readonly TestTask[]): Partial<TestTask> {
  if (id === 's1/a') return { outputs: { fresh: '/tmp/fresh' } };
  if (id !== 's1/b' || !tasks.some((task) => task.id === 's1/a')) return {};
  return {
    needs: [...needs, { kind: 'task', task: 's1/a' }],
    unless: { output: 's1/a', key: 'fresh', is: 'yes' },
  };
}

/** The tasks that run by themselves, in any case. */
function wanted({ tasks = [] }: TestDesired): readonly TestTask[] {
  return tasks.filter(({ phase, unless }) => phase !== undefined && runsByItself({ phase }) && !unless);
}

/** A state that does not work: one process of it has the bad image. */
function spoiled(state: TestDesired, which: number): TestDesired {
  const runs = [...(state.workloads ?? []), ...wanted(state)];
  const id = runs[which % Math.max(1, runs.length)]?.id;
  const spoil = <T extends { id: string }>(one: T) => (one.id === id ? { ...one, image: badImage } : one);
  return { ...state, workloads: (state.workloads ?? []).map(spoil), tasks: (state.tasks ?? []).map(spoil) };
}

/** The same, whose instances may take their time. */
function patient(desired: Desired): Desired {
  return {
    ...desired,
    resources: desired.resources.map((one) =>
      one.kind === 'workload' ? { ...one, health: { ...health, grace: 60 } } : one,
    ),
  };
}

type Outcome = 'done' | 'crashed' | string;

async function run(
  world: World,
  memory: Memory,
  desired: Desired,
  steps = new Steps(),
  retry = false,
): Promise<Outcome> {
  try {
    await converge({
      engine: new SimulatedEngine(world, steps),
      store: new SimulatedStore(memory, steps),
      desired,
      by: 'test',
      why: '',
      retry,
      secrets: async () => () => 'value',
      planned: async () => true,
      emit: () => undefined,
      signal: new AbortController().signal,
    });
    return 'done';
  } catch (error) {
    if (steps.dead) return 'crashed';
    if (error instanceof KollageError) return error.code;
    throw error;
  }
}

/** The world in which the first state runs. */
async function started(first: Desired): Promise<{ world: World; memory: Memory }> {
  const [world, memory] = [new World(), new Memory()];
  expect(await run(world, memory, first)).toBe('done');
  const services = first.resources.flatMap((one) =>
    one.kind === 'task' && one.phase === 'save' ? [one.service] : [],
  );
  world.saveFirst = new Set(services);
  world.ran.splice(0);
  return { world, memory };
}

/** Runs until one ends. */
async function finish(
  world: World,
  memory: Memory,
  desired: Desired,
  crashes: readonly number[] = [],
  turn = async () => {},
): Promise<Outcome> {
  for (const crashAt of crashes) {
    const outcome = await run(world, memory, desired, new Steps({ crashAt, turn }));
    if (outcome !== 'crashed') return outcome;
  }
  return run(world, memory, desired, new Steps({ turn }));
}

function isWhole(world: World): void {
  expect(world.broken).toEqual([]);
}

/** Milliseconds: long, for a machine that does much else. */
const patience = 300_000;

describe('from one state to another', () => {
  test(
    'killed at each step, the next run ends at the new one; no task that is done runs again',
    async () => {
      await fc.assert(
        fc.asyncProperty(parts, parts, fc.boolean(), async (a, b, rebuilt) => {
          const [from, to] = [desiredOf(a), desiredOf(b)];
          const start = await started(from);
          if (rebuilt) start.world.builds.set('image:1', 2);
          const clean = start.world.clone();
          expect(await run(clean, start.memory.clone(), to)).toBe('done');
          const fresh = clean.snapshot();
          for (let crashAt = 0; ; crashAt++) {
            const [world, memory] = [start.world.clone(), start.memory.clone()];
            world.saveFirst = start.world.saveFirst;
            const first = await run(world, memory, to, new Steps({ crashAt }));
            const outcome = first === 'crashed' ? await finish(world, memory, to) : first;
            expect(outcome).toBe('done');
            expect(world.snapshot()).toEqual(fresh);
            expect(new Set(world.ran).size).toBe(world.ran.length);
            isWhole(world);
            if (first !== 'crashed') break;
          }
        }),
        { numRuns: 15 },
      );
    },
    patience,
  );

  test(
    'what fails goes back to the old one, whenever it is killed meanwhile, and is not tried again',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          parts,
          parts,
          fc.nat(),
          fc.boolean(),
          fc.array(fc.nat(300), { maxLength: 4 }),
          fc.scheduler(),
          async (a, b, which, rebuilt, crashes, order) => {
            const bad = spoiled(b, which);
            fc.pre((bad.workloads ?? []).length + wanted(bad).length > 0);
            const [from, to] = [desiredOf(a), desiredOf(bad)];
            const { world, memory } = await started(from);
            const old = world.snapshot();
            if (rebuilt) world.builds.set('image:1', 2);
            // Whatever the engine does first.
            const turn = () => order.schedule(Promise.resolve());
            const outcome = await order.waitFor(finish(world, memory, to, crashes, turn));
            expect(['KLG-504', 'KLG-505', 'KLG-511']).toContain(outcome);
            expect(world.snapshot()).toEqual(old);
            isWhole(world);
            const revisions = memory.revisions.length;
            expect(await run(world, memory, to)).toBe('KLG-511');
            expect(world.snapshot()).toEqual(old);
            expect(memory.revisions.length).toBe(revisions);
          },
        ),
        { numRuns: 100 },
      );
    },
    patience,
  );

  test(
    'what somebody changed by hand is put right on the way, also back, wherever it is killed',
    async () => {
      const remedy = fc.constantFrom<Drift['remedy']>(
        'in-place',
        'replace',
        ...['a.conf', 'b.conf', 'c.yaml'].map((file) => ({ file })),
      );
      const harms = fc.array(fc.tuple(fc.nat(), remedy), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(
          parts,
          parts,
          fc.boolean(),
          harms,
          fc.nat(150),
          async (a, b, isSame, harms, crashAt) => {
            const [from, to] = [desiredOf(a), desiredOf(isSame ? a : b)];
            const { world, memory } = await started(from);
            const clean = world.clone();
            expect(await run(clean, memory.clone(), to)).toBe('done');
            for (const [nth, remedy] of harms) world.change(nth, remedy);
            const bad = desiredOf(spoiled(isSame ? a : b, crashAt));
            if (bad.fingerprint !== to.fingerprint) {
              const old = world.clone();
              for (const one of old.containers.values()) one.drift = [];
              const [back, kept] = [world.clone(), memory.clone()];
              back.saveFirst = world.saveFirst;
              expect(await finish(back, kept, bad, [crashAt])).toMatch(/^KLG-50[45]|^KLG-511/);
              expect(back.snapshot()).toEqual(old.snapshot());
            }
            expect(await finish(world, memory, to, [crashAt])).toBe('done');
            expect(world.snapshot()).toEqual(clean.snapshot());
            isWhole(world);
          },
        ),
        { numRuns: 60 },
      );
    },
    patience,
  );

  test(
    'an act that fails, or is told to have failed, ends at the old one, where going back fails too with the next run; tried again it works',
    async () => {
      await fc.assert(
        fc.asyncProperty(parts, parts, fc.nat(150), fc.nat(150), async (a, b, failAt, again) => {
          const [from, to] = [desiredOf(a), desiredOf(b)];
          const { world, memory } = await started(from);
          const clean = world.clone();
          expect(await run(clean, memory.clone(), to)).toBe('done');
          const before = world.snapshot();
          const first = await run(world, memory, to, new Steps({ failAt, alsoAt: failAt + again }));
          const isBack = memory.revisions.at(-1)?.status === 'reverted';
          if (isBack) expect(world.snapshot()).toEqual(before);
          // Else it failed before anything was written down, or in going back, or in writing down that all is done.
          const outcome = first === 'done' || isBack ? first : await run(world, memory, to);
          const isNew = outcome === 'done';
          if (!isNew) expect(['KLG-502', 'KLG-504', 'KLG-505', 'KLG-511']).toContain(outcome);
          expect(world.snapshot()).toEqual(isNew ? clean.snapshot() : before);
          // What was taken back leaves nothing that another try would take for done.
          expect(await run(world, memory, to, new Steps(), true)).toBe('done');
          expect(world.snapshot()).toEqual(clean.snapshot());
          isWhole(world);
        }),
        { numRuns: 100 },
      );
    },
    patience,
  );

  test(
    'whatever of its containers crash, are stopped or removed on the way: it ends at the new one',
    async () => {
      const blow = fc.record({
        at: fc.nat(60),
        which: fc.nat(20),
        how: fc.constantFrom('crash' as const, 'stop' as const, 'remove' as const),
      });
      const blows = fc.array(blow, { minLength: 1, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(parts, parts, blows, async (a, b, blows) => {
          const [from, to] = [patient(desiredOf(a)), patient(desiredOf(b))];
          const { world, memory } = await started(from);
          const clean = world.clone();
          expect(await run(clean, memory.clone(), to)).toBe('done');
          const before = new Map([...world.containers].map(([name, { container }]) => [name, container]));
          const struck = new Map<string, number>();
          let step = 0;
          const turn = async () => {
            step += 1;
            for (const { at, which, how } of blows) {
              // Twice in all: the third death is a failure, and what was not touched yet is the plan's.
              const targets = [...world.containers].flatMap(([name, one]) =>
                one.process.kind === 'workload' &&
                one.state !== 'exited' &&
                before.get(name) !== one.container &&
                (struck.get(name) ?? 0) < 2
                  ? [name]
                  : [],
              );
              const target = targets[which % Math.max(1, targets.length)];
              if (at !== step || target === undefined) continue;
              struck.set(target, (struck.get(target) ?? 0) + 1);
              world.harm(target, how);
            }
          };
          expect(await run(world, memory, to, new Steps({ turn }))).toBe('done');
          // What was struck when all was done already is the next one's.
          expect(await run(world, memory, to)).toBe('done');
          expect(world.snapshot()).toEqual(clean.snapshot());
          isWhole(world);
        }),
        { numRuns: 60 },
      );
    },
    patience,
  );

  test(
    'interrupted, and then something else is wanted: it ends at that',
    async () => {
      await fc.assert(
        fc.asyncProperty(parts, parts, parts, fc.nat(200), fc.nat(200), async (a, b, c, crashAt, second) => {
          const [from, meanwhile, to] = [desiredOf(a), desiredOf(b), desiredOf(c)];
          const { world, memory } = await started(from);
          const clean = world.clone();
          expect(await run(clean, memory.clone(), to)).toBe('done');
          const first = await run(world, memory, meanwhile, new Steps({ crashAt }));
          fc.pre(first === 'crashed' && memory.revisions.at(-1)?.status !== 'done');
          expect(await finish(world, memory, to, [second])).toBe('done');
          expect(world.snapshot()).toEqual(clean.snapshot());
          isWhole(world);
        }),
        { numRuns: 60 },
      );
    },
    patience,
  );
});
