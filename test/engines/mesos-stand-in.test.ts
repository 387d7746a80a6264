import { spawn } from 'node:child_process';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type MesosTask, TaskRunner } from '../../src/mesos/tasks.ts';
import { startMesos } from '../mesos/cluster.ts';
import { docker, label } from '../mesos/namespaces.ts';
import { image, python, two, web, world } from '../mesos/testing.ts';

const done = { type: 'done' };
const quiet = 'import time; time.sleep(1000)';

function taskOf(id: string, line: string, more: Partial<MesosTask> = {}): MesosTask {
  const network = 'HOST';
  return {
    id,
    name: id,
    cpus: 0.1,
    mem: 32,
    where: [],
    command: { shell: true, value: line },
    container: { type: 'DOCKER', docker: { image, network } },
    ...more,
  };
}

function runnerOf(masters: readonly string[], trouble: (why: string) => void = () => undefined): TaskRunner {
  let known: string | null = null;
  const memory = {
    recall: async () => known,
    keep: async (id: string | null) => {
      known = id;
    },
  };
  const runner = new TaskRunner({ masters, memory, name: 'test', user: 'root', role: 'kollage' }, trouble);
  onTestFinished(() => runner.close());
  return runner;
}

test('tasks of a framework run on the same agents, and take of the same resources', async () => {
  const agents = [{ hostname: 'agent-1', cpus: 1, attributes: { kollage_roles: 'controller', rack: '3' } }];
  const { cluster, ask, put } = await world({ agents, masters: 2, heartbeat: 1 });
  const runner = runnerOf(cluster.masters);
  const where = [['kollage_roles', 'LIKE', 'controller']] as const;
  expect(await runner.run(taskOf('first', 'test "$(hostname)" = agent-1', { where }))).toEqual({
    state: 'finished',
  });
  expect(await runner.run(taskOf('wrong', 'exit 3', { where }))).toEqual({
    state: 'failed',
    why: 'TASK_FAILED: Container exited with status 3',
  });
  const holds = runner.run(taskOf('holds', 'exec sleep 1000', { cpus: 0.8 }));
  await expect.poll(() => cluster.agent('agent-1').free.cpus, { timeout: 20_000 }).toBe(0.2);
  const waiting = put(python('/g/big', quiet, { cpus: 0.5 }));
  const why = async () =>
    (await ask('GET', '/v2/queue')).body.queue?.[0]?.processedOffersSummary.rejectSummaryLastOffers
      .filter(({ declined }) => declined > 0)
      .map(({ reason }) => reason);
  await expect.poll(why, { timeout: 20_000 }).toEqual(['InsufficientCpus']);
  await runner.kill('holds');
  expect(await holds).toMatchObject({ state: 'failed', why: expect.stringContaining('TASK_KILLED') });
  expect(await waiting).toEqual(done);
});

test('operators are told of agents and tasks by the master that leads', async () => {
  const agents = [{ hostname: 'agent-1', attributes: { rack: '3', zone: 'a' } }, { hostname: 'agent-2' }];
  const { cluster, put } = await world({ agents, masters: 2 });
  await put(web('/g/web', 5000));
  const [first, second] = cluster.masters;
  const call = async (type: string, master = first): Promise<unknown> => {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
    return (
      await fetch(`${master}/api/v1`, { method: 'POST', headers, body: JSON.stringify({ type }) })
    ).json();
  };
  const told = {
    active: true,
    agent_info: {
      hostname: 'agent-1',
      id: { value: cluster.agent('agent-1').id },
      attributes: [
        { name: 'rack', type: 'SCALAR', scalar: { value: 3 } },
        { name: 'zone', type: 'TEXT', text: { value: 'a' } },
      ],
    },
    pid: `slave(1)@${cluster.agent('agent-1').address}:5051`,
  };
  expect(await call('GET_AGENTS')).toMatchObject({ get_agents: { agents: [told, {}] } });
  expect(await call('GET_AGENTS', second), 'who does not lead sends on to who does').toMatchObject({
    get_agents: { agents: [told, {}] },
  });
  expect(await call('GET_TASKS')).toMatchObject({
    get_tasks: {
      tasks: [
        { name: 'web.g', state: 'TASK_RUNNING' },
        { name: 'web.g', state: 'TASK_RUNNING' },
      ],
    },
  });
  const redirect = await fetch(`${second}/redirect`, { redirect: 'manual' });
  expect([redirect.status, redirect.headers.get('location')]).toEqual([307, first?.replace('http:', '')]);
  cluster.loseAgent('agent-1');
  expect(await call('GET_AGENTS')).toMatchObject({
    get_agents: { agents: [{ agent_info: { hostname: 'agent-2' } }] },
  });
});

test('names of what runs lead to its agents, inside and from this host', async () => {
  const { cluster, put } = await world();
  await put(web('/g/some/web', 5000, { instances: 1 }), python('/g/asks', quiet));
  const resolver = new Resolver();
  resolver.setServers([cluster.gateway]);
  const [host] = [...cluster.service.tracker.of('/g/some/web')].map(({ task }) => task?.agent);
  expect(await resolver.resolve4('web-some-g.marathon.mesos')).toEqual([host?.address]);
  expect(await resolver.resolve4('agent-2')).toEqual([cluster.agent('agent-2').address]);
  const [service] = await resolver.resolveSrv('_web._web-some-g._tcp.marathon.mesos');
  expect(service).toMatchObject({ port: 5000 });
  expect(await resolver.resolve4(service?.name ?? '')).toEqual([host?.address]);
  await expect(resolver.resolve4('other.marathon.mesos')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  const [asks] = cluster.service.tracker.of('/g/asks');
  const id = await docker('ps', '--quiet', '--filter', `label=MESOS_TASK_ID=${asks?.task?.id}`);
  const line = 'import socket; print(socket.gethostbyname("web-some-g.marathon.mesos"))';
  expect(await docker('exec', id, 'python3', '-c', line)).toBe(host?.address);
});

test('a volume is its agent’s own', async () => {
  const { cluster, put } = await world();
  const program = 'import os, time; open("/data/" + os.environ["HOST"], "w").close(); time.sleep(1000)';
  const parameters = [
    { key: 'entrypoint', value: 'python3' },
    { key: 'user', value: 'root' },
    { key: 'mount', value: 'type=volume,source=g-data,target=/data' },
  ];
  const more = {
    instances: 2,
    constraints: [['hostname', 'UNIQUE']],
    container: { type: 'DOCKER', docker: { image, parameters } },
  };
  await put(python('/g/keeps', program, more));
  const inside = (host: string) =>
    docker(
      'run',
      '--rm',
      '--volume',
      `${cluster.volume(host, 'g-data')}:/data`,
      '--entrypoint',
      'ls',
      image,
      '/data',
    );
  await expect.poll(() => inside('agent-1'), { timeout: 20_000 }).toBe('agent-1');
  await expect.poll(() => inside('agent-2'), { timeout: 20_000 }).toBe('agent-2');
  await cluster.stop();
  expect(await docker('volume', 'ls', '--quiet', '--filter', 'name=g-data')).toBe('');
});

test('nothing is left, even of one that was killed, once another is started', async () => {
  const cluster = join(import.meta.dirname, '../mesos/cluster.ts');
  const program = `
    const { startMesos } = await import(${JSON.stringify(cluster)});
    await startMesos({ agents: [{ hostname: 'left' }] });
    console.log('begun');
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const of = (whose: string) =>
    docker('ps', '--all', '--format', '{{.Names}}', '--filter', `label=${label}=${whose}`);
  const all = await docker('ps', '--all', '--format', `{{.Label "${label}"}}`, '--filter', `label=${label}`);
  const whose = all.split('\n').find((one) => one.startsWith(`${child.pid}.`)) ?? '';
  expect(await of(whose)).toContain('-left');
  mkdirSync(join(tmpdir(), `kollage-mesos-${whose}`), { recursive: true });
  child.kill('SIGKILL');
  await once(child, 'close');
  await using next = await startMesos({ agents: two });
  expect(await of(whose)).toBe('');
  expect(await docker('network', 'ls', '--quiet', '--filter', `label=${label}=${whose}`)).toBe('');
  expect(readdirSync(tmpdir()).filter((name) => name.includes(whose))).toEqual([]);
  expect(next.agents).toHaveLength(2);
});
