import { expect, onTestFinished, test, vi } from 'vitest';
import type { EngineEvent, Provision } from '../../src/engines/engine.ts';
import type { Site } from '../../src/engines/marathon/cluster.ts';
import type { Records } from '../../src/engines/marathon/records.ts';
import { Runs } from '../../src/engines/marathon/runs.ts';
import { settingsOf } from '../../src/engines/marathon/settings.ts';
import type { Znodes } from '../../src/engines/marathon/znodes.ts';
import { direct } from '../../src/mesos/transport.ts';
import type { Desired, Task } from '../../src/model/resource.ts';
import { desiredOf } from '../../src/plan/testing.ts';
import { MesosStandIn, type Running } from '../mesos/stand-in.ts';

/* One-time tasks on Mesos' stand-in; ZooKeeper is a map here, and how each run ends is said by the test. */

vi.setConfig({ testTimeout: 30_000 });

interface World {
  readonly site: Site;
  /** Mesos' names of what was begun, in this order. */
  readonly begun: string[];
  /** What is kept in ZooKeeper, by kind and name. */
  readonly kept: Map<string, string>;
  /** Ends the run that was begun last. */
  end(code: number): void;
  runs(): { runs: Runs; events: EngineEvent[] };
}

async function world(): Promise<World> {
  const begun: string[] = [];
  const ends: PromiseWithResolvers<{ code: number; message: string }>[] = [];
  const mesos = await MesosStandIn.start({
    agents: [{ hostname: 'a1', attributes: { kollage_roles: 'controller' } }],
    heartbeat: 0.3,
    executor: (task): Running => {
      const ended = Promise.withResolvers<{ code: number; message: string }>();
      begun.push(task.task_id.value);
      ends.push(ended);
      return { ended: ended.promise, kill: async () => ended.resolve({ code: 137, message: '' }) };
    },
  });
  onTestFinished(() => mesos[Symbol.asyncDispose]());
  const kept = new Map<string, string>();
  const records: Pick<Records, 'own' | 'keep' | 'ending'> = {
    own: async (kind, name) => kept.get(`${kind} ${name}`) ?? null,
    keep: async (kind, name, value) => {
      if (value === null) kept.delete(`${kind} ${name}`);
      else kept.set(`${kind} ${name}`, value);
    },
    ending: async (task, fingerprint) =>
      kept.has(`done ${task} ${fingerprint}`) ? { state: 'done', exitCode: 0, instance: '' } : null,
  };
  const znodes: Pick<Znodes, 'want' | 'publish' | 'variables'> = {
    want: async () => undefined,
    publish: async () => undefined,
    variables: () => ({}),
  };
  const site = {
    deployment: 'test',
    settings: settingsOf('marathon'),
    transport: direct({ marathon: [], mesos: mesos.masters }),
    records,
    znodes,
    mesos: { agents: async () => [] },
  } as unknown as Site;
  return {
    site,
    begun,
    kept,
    end: (code) => ends.at(-1)?.resolve({ code, message: '' }),
    runs: () => {
      const events: EngineEvent[] = [];
      return { events, runs: new Runs(site, (event) => events.push(event)) };
    },
  };
}

function taskOf(changed: Partial<Task> = {}): { task: Task; provision: Provision } {
  const desired: Desired = desiredOf({ engine: 'marathon', nodes: ['a1'], tasks: [{ id: 'db/schema' }] });
  const found = desired.resources.find((one) => one.kind === 'task');
  if (found?.kind !== 'task') throw new Error('there is a task');
  const task = { ...found, ...changed };
  const provision = {
    deployment: 'test',
    desired,
    bundle: null,
    tasks: new Map(),
    secret: () => undefined,
    needsTimeout: 10,
  };
  return { task, provision };
}

const soon = <T>(look: () => T) => expect.poll(look, { timeout: 15_000 });
const codes = (events: readonly EngineEvent[]) =>
  events.flatMap((event) => (event.type === 'exited' ? [event.code] : []));

test('one that fails is tried again as often as it says, as the same run', async () => {
  const mesos = await world();
  const { runs, events } = mesos.runs();
  const { task, provision } = taskOf({ retries: 1 });
  const container = await runs.start(task, provision);
  await soon(() => mesos.begun).toHaveLength(1);
  mesos.end(3);
  await soon(() => mesos.begun).toHaveLength(2);
  mesos.end(4);
  await soon(() => codes(events)).toEqual([3, 4]);
  expect(events).toMatchObject([{ container }, { container }]);
  expect(new Set(mesos.begun).size).toBe(2);
  await runs.start(task, provision);
  await soon(() => mesos.begun).toHaveLength(3);
  expect(new Set(mesos.begun).size, 'what is begun anew is another task to Mesos').toBe(3);
  mesos.end(0);
  await soon(() => codes(events)).toEqual([3, 4, 0]);
});

test('one that is under way is not begun twice, nor by the next process, which hears of its end', async () => {
  const mesos = await world();
  const { runs } = mesos.runs();
  const { task, provision } = taskOf();
  const container = await runs.start(task, provision);
  expect(await runs.start(task, provision)).toBe(container);
  await soon(() => mesos.begun).toHaveLength(1);
  const next = mesos.runs();
  expect(await next.runs.start(task, provision)).toBe(container);
  await soon(() => next.runs.isUnderWay('db-schema')).toBe(true);
  mesos.end(0);
  await soon(() => codes(next.events)).toEqual([0]);
  expect(mesos.begun).toHaveLength(1);
});

test('one that is done ends at once, without a run', async () => {
  const mesos = await world();
  const { runs, events } = mesos.runs();
  const { task, provision } = taskOf();
  mesos.kept.set(`done ${task.id} ${task.fingerprint}`, '');
  const container = await runs.start(task, provision);
  await soon(() => events).toMatchObject([{ type: 'exited', container, code: 0, of: 'db-schema' }]);
  expect(mesos.begun).toEqual([]);
});

test('another version ends the one that is under way first', async () => {
  const mesos = await world();
  const { runs, events } = mesos.runs();
  const { task, provision } = taskOf();
  await runs.start(task, provision);
  await soon(() => mesos.begun).toHaveLength(1);
  const other = await runs.start({ ...task, fingerprint: 'another' }, provision);
  await soon(() => mesos.begun).toHaveLength(2);
  mesos.end(0);
  await soon(() => events).toMatchObject([{ type: 'exited', container: other, code: 0 }]);
});

test('where no agent fits, it says so, and says when that is over', async () => {
  const mesos = await world();
  const { runs, events } = mesos.runs();
  const { task, provision } = taskOf({ resources: { memory: 2 ** 50, cpus: 1 } });
  await runs.start(task, provision);
  await soon(() => events).toMatchObject([
    { type: 'trouble', of: 'db-schema', fatal: false, why: expect.stringMatching(/mem/) },
  ]);
  await runs.remove(task.id);
  expect(mesos.begun).toEqual([]);
});
