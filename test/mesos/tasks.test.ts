import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { SchedulerError } from '../../src/mesos/errors.ts';
import type { FrameworkMemory } from '../../src/mesos/scheduler.ts';
import { type MesosTask, type Outcome, TaskRunner } from '../../src/mesos/tasks.ts';
import { scratch } from '../support/folders.ts';
import type { TaskInfo } from './calls.ts';
import { type ClusterOptions, MesosStandIn, type Running } from './stand-in.ts';

vi.setConfig({ testTimeout: 30_000 });

const folder = scratch();

/** An agent that runs a task's command line as a process; test/engines runs them as containers. */
function processes(task: TaskInfo): Running {
  const { value } = task.command as { value: string };
  const child = spawn('sh', ['-c', value], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece) => {
    said += String(piece);
  });
  return {
    ended: once(child, 'close').then(([code, signal]) => ({
      code: signal ? 137 : Number(code),
      message: said.trim(),
    })),
    kill: async () => void child.kill('SIGKILL'),
  };
}

async function cluster(options: Partial<ClusterOptions> = {}): Promise<MesosStandIn> {
  const agents = [{ hostname: 'a1', attributes: { kollage_roles: 'controller/network' } }];
  const made = await MesosStandIn.start({ agents, executor: processes, heartbeat: 0.3, ...options });
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

function memoryOf(): FrameworkMemory & { id: string | null } {
  const memory = {
    id: null as string | null,
    recall: async () => memory.id,
    keep: async (id: string | null) => {
      memory.id = id;
    },
  };
  return memory;
}

function runnerOf(
  mesos: MesosStandIn,
  { memory = memoryOf(), ...more }: { memory?: FrameworkMemory; principal?: string; secret?: string } = {},
) {
  const troubles: string[] = [];
  const { principal, secret = '' } = more;
  const runner = new TaskRunner(
    {
      masters: mesos.masters,
      memory,
      name: 'kollage-test',
      user: 'root',
      role: 'kollage',
      ...(principal !== undefined && { principal, secret }),
    },
    (why) => troubles.push(why),
  );
  onTestFinished(() => runner.close());
  return { runner, troubles };
}

let count = 0;

/** A task that leaves a line for each time that it is run, and then does what is said. */
function task(script = 'true', more: Partial<MesosTask> = {}): MesosTask & { ran(): number } {
  const id = `task-${++count}`;
  const log = join(folder, id);
  writeFileSync(log, '');
  return {
    id,
    name: id,
    cpus: 0.1,
    mem: 32,
    where: [],
    command: { shell: true, value: `echo x >> ${log}; ${script}` },
    container: {},
    ...more,
    ran: () => readFileSync(log, 'utf8').length / 2,
  };
}

/** A file, and a script that waits for it. */
function gate() {
  const file = join(folder, `gate-${++count}`);
  return { script: `until [ -e ${file} ]; do sleep 0.02; done`, open: () => writeFileSync(file, '') };
}

const finished: Outcome = { state: 'finished' };

test('a task is run to its end, and how it ended is told', async () => {
  const mesos = await cluster();
  const { runner } = runnerOf(mesos);
  const [good, bad] = [task(), task('echo no >&2; exit 3')];
  expect(await runner.run(good)).toEqual(finished);
  expect(await runner.run(bad)).toEqual({
    state: 'failed',
    why: 'TASK_FAILED: Container exited with status 3: no',
  });
  expect([good.ran(), bad.ran()]).toEqual([1, 1]);
});

test('many at once, as many as fit', async () => {
  const mesos = await cluster({
    agents: [
      { hostname: 'a1', cpus: 1 },
      { hostname: 'a2', cpus: 1 },
    ],
  });
  const { runner } = runnerOf(mesos);
  const tasks = Array.from({ length: 8 }, () => task('sleep 0.1', { cpus: 0.5 }));
  expect(await Promise.all(tasks.map((one) => runner.run(one)))).toEqual(tasks.map(() => finished));
  expect(tasks.map((one) => one.ran())).toEqual(tasks.map(() => 1));
});

test('offers are wanted only while there is something to launch', async () => {
  const mesos = await cluster();
  const { runner } = runnerOf(mesos);
  await expect.poll(() => mesos.calls, { timeout: 15_000 }).toContain('SUPPRESS');
  await runner.run(task());
  const turns = mesos.calls.filter((type) => type === 'REVIVE' || type === 'SUPPRESS');
  expect(turns).toEqual(['SUPPRESS', 'REVIVE', 'SUPPRESS']);
});

test('only on an agent with the attribute, the name and the room that are wanted', async () => {
  const agents = [
    { hostname: 'a1', attributes: { kollage_roles: 'controller' } },
    { hostname: 'a2', attributes: { kollage_roles: 'compute/network' }, mem: 64 },
    { hostname: 'a3', attributes: { kollage_roles: 'compute' } },
  ];
  const hosts: string[] = [];
  const executor = (info: TaskInfo, host: string) => {
    hosts.push(host);
    return processes(info);
  };
  const { runner } = runnerOf(await cluster({ agents, executor }));
  const where = [['kollage_roles', 'LIKE', '(.*/)?(compute)(/.*)?']] as const;
  expect(await runner.run(task('true', { where, mem: 128 }))).toEqual(finished);
  expect(await runner.run(task('true', { where: [...where, ['hostname', 'LIKE', 'a2']] }))).toEqual(finished);
  expect(hosts).toEqual(['a3', 'a2']);
});

test('what nothing fits says which constraint or resource it is', async () => {
  const mesos = await cluster({
    agents: [
      { hostname: 'a1', cpus: 1 },
      { hostname: 'a2', attributes: { kollage_roles: 'network' } },
    ],
  });
  const { runner } = runnerOf(mesos);
  const troubles: string[] = [];
  const where = [['kollage_roles', 'LIKE', 'compute']] as const;
  const odd = task('true', { where });
  void runner.run(odd, { trouble: (why) => troubles.push(why) });
  const large = task('true', { cpus: 64 });
  void runner.run(large, { trouble: (why) => troubles.push(why) });
  await expect.poll(() => troubles, { timeout: 15_000 }).toHaveLength(2);
  expect(troubles[0]).toBe(
    '1 of 2 agents: has no attribute kollage_roles (a1); 1 of 2 agents: has kollage_roles network, not compute (a2)',
  );
  expect(troubles[1]).toMatch(
    /^1 of 2 agents: offers 1 of 64 cpus \(a1\); 1 of 2 agents: offers 2 of 64 cpus/,
  );
  await runner.kill(odd.id);
  expect([odd.ran(), large.ran()]).toEqual([0, 0]);
});

test('however often the stream breaks, each task is run once and none is lost', async () => {
  const mesos = await cluster();
  const { runner } = runnerOf(mesos);
  const tasks = Array.from({ length: 10 }, () => task('sleep 0.3'));
  const ends = tasks.map((one) => runner.run(one));
  const breaking = setInterval(() => mesos.cut(), 120);
  expect(await Promise.all(ends)).toEqual(tasks.map(() => finished));
  clearInterval(breaking);
  expect(tasks.map((one) => one.ran())).toEqual(tasks.map(() => 1));
});

test.each([
  ['ACCEPT', 'before'],
  ['ACCEPT', 'after'],
  ['ACCEPT', 'silently'],
  ['RECONCILE', 'before'],
  ['ACKNOWLEDGE', 'before'],
  ['ACKNOWLEDGE', 'after'],
  ['REVIVE', 'before'],
  ['SUBSCRIBE', 'before'],
] as const)(
  'a lost %s, %s it was carried out, is made good, and nothing is run twice',
  async (type, when) => {
    const mesos = await cluster();
    const { runner } = runnerOf(mesos);
    await expect.poll(() => mesos.calls, { timeout: 15_000 }).toContain('SUPPRESS');
    mesos.lose(type, when);
    if (type === 'SUBSCRIBE') mesos.cut();
    const one = task();
    expect(await runner.run(one)).toEqual(finished);
    expect(one.ran()).toBe(1);
    const other = task();
    expect(await runner.run(other)).toEqual(finished);
  },
);

test('the next process finds what the one before has begun, and sees it to its end', async () => {
  const mesos = await cluster();
  const memory = memoryOf();
  const { script, open } = gate();
  const one = task(script);
  const first = runnerOf(mesos, { memory }).runner;
  void first.run(one);
  await expect.poll(() => one.ran(), { timeout: 15_000 }).toBe(1);
  first.close();
  const second = runnerOf(mesos, { memory }).runner;
  const end = second.run(one);
  await expect
    .poll(() => mesos.calls.filter((type) => type === 'SUBSCRIBE').length, { timeout: 15_000 })
    .toBe(2);
  open();
  expect(await end).toEqual(finished);
  expect(one.ran()).toBe(1);
});

test('one that ended while nobody listened is told of, until whoever wanted it has written it down', async () => {
  const mesos = await cluster();
  const memory = memoryOf();
  const one = task();
  const first = runnerOf(mesos, { memory }).runner;
  // It dies in the middle of writing it down.
  void first.run(one, { settled: () => new Promise(() => undefined) });
  await expect.poll(() => one.ran(), { timeout: 15_000 }).toBe(1);
  await expect
    .poll(() => mesos.calls.filter((type) => type === 'ACKNOWLEDGE').length, { timeout: 15_000 })
    .toBe(2);
  first.close();
  const second = runnerOf(mesos, { memory }).runner;
  const written: Outcome[] = [];
  expect(await second.run(one, { settled: async (outcome) => void written.push(outcome) })).toEqual(finished);
  expect(written).toEqual([finished]);
  expect(one.ran()).toBe(1);
});

test('a silent master is left, and a follower leads to the one that leads', async () => {
  const mesos = await cluster({ masters: 2 });
  const { runner } = runnerOf(mesos);
  expect(await runner.run(task())).toEqual(finished);
  mesos.mute();
  const { script, open } = gate();
  const end = runner.run(task(script));
  // Five heartbeats of 0.3 s are missed; it subscribes anew, and is told nothing still.
  const subscribed = () => mesos.calls.filter((type) => type === 'SUBSCRIBE').length;
  await expect.poll(subscribed, { timeout: 15_000 }).toBeGreaterThan(1);
  mesos.unmute();
  open();
  expect(await end).toEqual(finished);
});

test('another leader is followed; what runs is found again once its agents are, and not before', async () => {
  const mesos = await cluster({ masters: 3 });
  const { runner } = runnerOf(mesos);
  const { script, open } = gate();
  const [one, other] = [task(script), task()];
  const end = runner.run(one);
  await expect.poll(() => one.ran(), { timeout: 15_000 }).toBe(1);
  mesos.failOver();
  const next = runner.run(other);
  const asked = () => mesos.calls.filter((type) => type === 'RECONCILE').length;
  const before = asked();
  await expect.poll(asked, { timeout: 15_000 }).toBeGreaterThan(before + 1);
  expect(mesos.launched, 'nothing is begun while the master cannot say what there is').toEqual([one.id]);
  mesos.recover();
  open();
  expect(await Promise.all([end, next])).toEqual([finished, finished]);
  expect([one.ran(), other.ran()]).toEqual([1, 1]);
});

test('without a leader it waits, and says so', async () => {
  const mesos = await cluster();
  mesos.depose();
  const { runner, troubles } = runnerOf(mesos);
  const end = runner.run(task());
  await expect.poll(() => troubles.join(), { timeout: 15_000 }).toContain('No leader elected');
  mesos.elect(0);
  expect(await end).toEqual(finished);
});

test('an agent that is lost is waited for: its task may run still, and is not begun elsewhere', async () => {
  const mesos = await cluster({ agents: [{ hostname: 'a1' }, { hostname: 'a2' }] });
  const { runner } = runnerOf(mesos);
  const { script, open } = gate();
  const one = task(script, { where: [['hostname', 'LIKE', 'a1']] });
  const troubles: string[] = [];
  const end = runner.run(one, { trouble: (why) => troubles.push(why) });
  await expect.poll(() => one.ran(), { timeout: 15_000 }).toBe(1);
  mesos.partition('a1');
  await expect.poll(() => troubles.at(-1), { timeout: 15_000 }).toContain('cannot be reached');
  open();
  mesos.cut();
  await expect
    .poll(() => mesos.calls.filter((type) => type === 'SUBSCRIBE').length, { timeout: 15_000 })
    .toBe(2);
  mesos.heal('a1');
  expect(await end).toEqual(finished);
  expect(one.ran()).toBe(1);
  expect(troubles.at(-1)).toBe('');
});

test('one that is told to stop is stopped, and has failed', async () => {
  const mesos = await cluster();
  const { runner } = runnerOf(mesos);
  const one = task('exec sleep 100');
  const end = runner.run(one);
  await expect.poll(() => one.ran(), { timeout: 15_000 }).toBe(1);
  await runner.kill(one.id);
  expect(await end).toEqual({ state: 'failed', why: expect.stringContaining('TASK_KILLED') });
});

test('who was away for too long begins anew', async () => {
  const mesos = await cluster();
  const memory = memoryOf();
  const { runner } = runnerOf(mesos, { memory });
  expect(await runner.run(task())).toEqual(finished);
  const before = memory.id;
  await mesos.remove(before ?? '');
  expect(await runner.run(task())).toEqual(finished);
  expect(memory.id).not.toBe(before);
});

test('of two with the same number the one before ends, and says so', async () => {
  const mesos = await cluster();
  const memory = memoryOf();
  const first = runnerOf(mesos, { memory }).runner;
  const { script } = gate();
  const end = first.run(task(script));
  await expect.poll(() => memory.id, { timeout: 15_000 }).not.toBeNull();
  await expect.poll(() => mesos.launched, { timeout: 15_000 }).toHaveLength(1);
  runnerOf(mesos, { memory });
  await expect(end).rejects.toThrow(SchedulerError);
  await expect(end).rejects.toThrow('Framework failed over');
  await expect(first.run(task())).rejects.toThrow('Framework failed over');
});

test('wrong credentials are told, and right ones taken', async () => {
  const mesos = await cluster({ principal: { name: 'kollage', secret: 'right' } });
  const wrong = runnerOf(mesos, { principal: 'kollage', secret: 'wrong' }).runner;
  await expect(wrong.run(task())).rejects.toThrow(/does not take this scheduler: HTTP 401$/);
  const right = runnerOf(mesos, { principal: 'kollage', secret: 'right' }).runner;
  expect(await right.run(task())).toEqual(finished);
});

test('what Mesos takes for invalid has failed, in its words', async () => {
  const mesos = await cluster();
  const { runner } = runnerOf(mesos);
  expect(await runner.run(task('true', { id: 'a/b' }))).toEqual({
    state: 'failed',
    why: "TASK_ERROR: TaskID 'a/b' contains invalid characters",
  });
});
