import { expect, test } from 'vitest';
import { python, web, world } from '../mesos/testing.ts';

const done = { type: 'done' };

test('a group is started on its agents, each with its own ports, changed one by one, and taken away', async () => {
  const { cluster, ask, put, tasks } = await world();
  expect(await put(web('/g/web', 5000))).toEqual(done);
  expect((await tasks('/g/web')).map(({ host }) => host).toSorted()).toEqual(['agent-1', 'agent-2']);
  expect((await ask('GET', '/v2/apps/g/web')).body.app).toMatchObject({ tasksRunning: 2, tasksHealthy: 2 });
  const said = () =>
    Promise.all(
      cluster.agents.map(async ({ address }) =>
        fetch(`http://${address}:5000/`).then(
          (answer) => answer.text(),
          () => 'nothing',
        ),
      ),
    );
  expect((await said()).toSorted()).toEqual(['one on agent-1', 'one on agent-2']);
  let isOver = false;
  const least = (async () => {
    let fewest = 2;
    while (!isOver) fewest = Math.min(fewest, (await said()).filter((one) => one !== 'nothing').length);
    return fewest;
  })();
  expect(await put(web('/g/web', 5000, { env: { SAYS: 'two' } }))).toEqual(done);
  isOver = true;
  expect(await least, 'there is always one, and never both while they are changed').toBe(1);
  expect((await said()).toSorted()).toEqual(['two on agent-1', 'two on agent-2']);
  const before = await tasks('/g/web');
  expect(await put(web('/g/web', 5000, { env: { SAYS: 'two' } })), 'nothing changes').toEqual(done);
  expect(await tasks('/g/web')).toMatchObject(before.map(({ id }) => ({ id })));
  expect((await ask('DELETE', '/v2/groups/g')).status).toBe(200);
  await expect
    .poll(async () => (await ask('GET', '/v2/deployments')).body.deployments, { timeout: 20_000 })
    .toEqual([]);
  expect((await ask('GET', '/v2/tasks')).body.tasks).toEqual([]);
  expect(await ask('GET', '/v2/groups/g')).toMatchObject({
    status: 404,
    body: { message: "Group '/g' does not exist" },
  });
});

test('events tell what happens, those that were asked for, after that somebody listens', async () => {
  const { put, events } = await world();
  const all = await events();
  const some = await events('deployment_success', 'status_update_event');
  await put(web('/g/web', 5000, { instances: 1 }));
  const names = () => all.map(({ event }) => event);
  await expect.poll(names, { timeout: 10_000 }).toContain('deployment_success');
  expect(names()[0]).toBe('event_stream_attached');
  const steps = names().filter((name) => name.startsWith('deployment_'));
  expect(steps, 'started at none, then scaled').toEqual([
    ...['deployment_info', 'deployment_step_success', 'deployment_info', 'deployment_step_success'],
    'deployment_success',
  ]);
  await expect.poll(() => some.length, { timeout: 10_000 }).toBe(3);
  expect(some.map(({ data }) => data['taskStatus'] ?? data['eventType'])).toEqual([
    ...['TASK_STARTING', 'TASK_RUNNING', 'deployment_success'],
  ]);
  expect(some[1]?.data).toMatchObject({
    appId: '/g/web',
    taskId: expect.stringMatching(/^g_web\.instance-[0-9a-f-]{36}\._app\.1$/),
    host: expect.stringMatching(/^agent-[12]$/),
    slaveId: expect.stringMatching(/-S[01]$/),
    ports: [5000],
    ipAddresses: [{ protocol: 'IPv4' }],
  });
  expect(all.find(({ event }) => event === 'health_status_changed_event')?.data).toMatchObject({
    appId: '/g/web',
    instanceId: expect.stringMatching(/^g_web\.instance-[0-9a-f-]{36}$/),
    alive: true,
  });
});

test('what is not well any more is killed, and launched again under the same instance', async () => {
  const { cluster, put, tasks, events } = await world();
  await put(web('/g/web', 5000, { instances: 1 }));
  const [before] = await tasks('/g/web');
  const told = await events('unhealthy_instance_kill_event', 'status_update_event');
  await fetch(`http://${cluster.agent(before?.host ?? '').address}:5000/spoil`);
  const next = before?.id.replace(/\.1$/, '.2');
  await expect
    .poll(async () => (await tasks('/g/web')).map(({ id, state }) => [id, state]), { timeout: 30_000 })
    .toEqual([[next, 'TASK_RUNNING']]);
  expect(told.map(({ data }) => data['taskStatus'] ?? data['reason'])).toEqual([
    '500 Internal Server Error',
    'TASK_KILLED',
    'TASK_STARTING',
    'TASK_RUNNING',
  ]);
});

test('a command that an agent asks with counts as a check, and ends what fails it', async () => {
  const { put, tasks } = await world();
  const check = { gracePeriodSeconds: 0, intervalSeconds: 1, delaySeconds: 0, maxConsecutiveFailures: 2 };
  const program = 'import time; open("/tmp/well", "w").close(); time.sleep(1000)';
  const command = {
    value: 'test -e /tmp/well && test "$MESOS_TASK_ID" != "" && test $(cat /tmp/count | wc -l) -lt 3',
  };
  const counting = { value: `echo >> /tmp/count; ${command.value}` };
  const app = python('/g/quiet', program, {
    healthChecks: [{ protocol: 'COMMAND', command: counting, ...check }],
  });
  expect(await put(app)).toEqual(done);
  await expect
    .poll(async () => (await tasks('/g/quiet')).map(({ id }) => id.at(-1)), { timeout: 30_000 })
    .toEqual(['2']);
});

test('what fails is launched later each time, why is told, and what it printed can be read', async () => {
  const { cluster, ask, events } = await world();
  const failed = await events('status_update_event');
  const program = 'import sys; print("out"); sys.exit("no way")';
  await ask('PUT', '/v2/groups/g', {
    id: '/g',
    apps: [python('/g/bad', program, { backoffSeconds: 1, backoffFactor: 3, maxLaunchDelaySeconds: 60 })],
  });
  const left = async () => (await ask('GET', '/v2/queue')).body.queue?.[0]?.delay.timeLeftSeconds;
  await expect.poll(left, { timeout: 30_000 }).toBe(1);
  await expect.poll(left, { timeout: 30_000 }).toBe(3);
  await expect.poll(left, { timeout: 30_000 }).toBe(9);
  expect((await ask('GET', '/v2/apps/g/bad')).body.app).toMatchObject({
    lastTaskFailure: { state: 'TASK_FAILED', message: 'Container exited with status 1' },
  });
  const task = String(failed[0]?.data['taskId']);
  const agent = cluster.agent(String(failed[0]?.data['host']));
  const directory = agent.runs.find((run) => run.task === task)?.directory ?? '';
  const state: unknown = await (await fetch(`http://${agent.address}:5051/slave(1)/state`)).json();
  expect(state).toMatchObject({
    frameworks: [
      { completed_executors: expect.arrayContaining([expect.objectContaining({ id: task, directory })]) },
    ],
  });
  const read = async (file: string) =>
    (await fetch(`http://${agent.address}:5051/files/read?path=${directory}/${file}&offset=0`)).json();
  expect(await read('stderr')).toEqual({ offset: 0, data: 'no way\n' });
  expect(await read('stdout')).toEqual({ offset: 0, data: 'out\n' });
  const names = await (await fetch(`http://${agent.address}:5051/files/browse?path=${directory}`)).json();
  expect(names).toMatchObject([{ path: `${directory}/stderr` }, { path: `${directory}/stdout` }]);
  const outside = await fetch(
    `http://${agent.address}:5051/files/read?path=${directory}/../../../../etc/passwd`,
  );
  expect(outside.status).toBe(404);
});
