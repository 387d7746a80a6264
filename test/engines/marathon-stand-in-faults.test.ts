import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { MarathonClient } from '../../src/engines/marathon/api/client.ts';
import { startMesos } from '../mesos/cluster.ts';
import { python, two, web, world } from '../mesos/testing.ts';

const done = { type: 'done' };
const quiet = 'import time; time.sleep(1000)';
const patient = { timeout: 30_000 };

test('why an app waits for ever is told, offer by offer', async () => {
  const agents = [
    { hostname: 'agent-1', attributes: { rack: 'a' }, mem: 512 },
    { hostname: 'agent-2', ports: [[31_000, 32_000]] as const },
  ];
  const { ask, put } = await world({ agents });
  const group = (more: object) => ({ id: '/g', apps: [python('/g/waits', quiet, more)] });
  const why = async () =>
    (
      await ask('GET', '/v2/queue?embed=lastUnusedOffers')
    ).body.queue?.[0]?.processedOffersSummary.rejectSummaryLastOffers
      .filter(({ declined }) => declined > 0)
      .map(({ reason, declined, processed }) => [reason, declined, processed]);
  await ask('PUT', '/v2/groups/g', group({ constraints: [['rack', 'LIKE', 'b']] }));
  await expect.poll(why, patient).toEqual([['UnfulfilledConstraint', 2, 2]]);
  const wide = { requirePorts: true, portDefinitions: [{ port: 80 }], mem: 1024 };
  await ask('PUT', '/v2/groups/g?force=true', group(wide));
  await expect.poll(why, patient).toEqual([
    ['InsufficientMemory', 1, 2],
    ['InsufficientPorts', 1, 1],
  ]);
  await ask('DELETE', '/v2/groups/g?force=true');
  await expect.poll(async () => (await ask('GET', '/v2/queue')).body.queue, patient).toEqual([]);
  expect(await put(python('/g/waits', quiet, { constraints: [['rack', 'LIKE', 'a']] }))).toEqual(done);
});

test('what is placed by constraints is where they say', async () => {
  const agents = ['a', 'a', 'b'].map((rack, at) => ({ hostname: `agent-${at}`, attributes: { rack } }));
  const { put, tasks } = await world({ agents });
  const app = (name: string, constraint: string[], instances: number) =>
    python(`/g/${name}`, quiet, { constraints: [constraint], instances, portDefinitions: [] });
  const apps = [
    app('cluster', ['rack', 'CLUSTER', 'a'], 2),
    app('grouped', ['rack', 'GROUP_BY', '2'], 4),
    app('most', ['hostname', 'MAX_PER', '1'], 3),
    app('unlike', ['rack', 'UNLIKE', 'a'], 2),
    app('is', ['hostname', 'IS', 'agent-1'], 1),
  ];
  expect(await put(...apps)).toEqual(done);
  const racks = async (name: string) =>
    (await tasks(`/g/${name}`)).map(
      ({ host }) => agents.find(({ hostname }) => hostname === host)?.attributes.rack,
    );
  expect(await racks('cluster')).toEqual(['a', 'a']);
  expect((await racks('grouped')).toSorted()).toEqual(['a', 'a', 'b', 'b']);
  expect(new Set((await tasks('/g/most')).map(({ host }) => host)).size).toBe(3);
  expect(await racks('unlike')).toEqual(['b', 'b']);
  expect((await tasks('/g/is')).map(({ host }) => host)).toEqual(['agent-1']);
});

test('an agent that is lost: another takes over where it may, and when it is back there is one again', async () => {
  const { cluster, put, tasks, events } = await world();
  const strategy = { inactiveAfterSeconds: 1, expungeAfterSeconds: 60 };
  const moves = { unreachableStrategy: strategy, healthChecks: [], portDefinitions: [] };
  const stays = { unreachableStrategy: 'disabled', portDefinitions: [] };
  const here = { constraints: [['hostname', 'LIKE', 'agent-1']] };
  await put(
    python('/g/moves', quiet, { ...moves, instances: 1 }),
    python('/g/stays', quiet, { ...stays, ...here }),
  );
  const [first] = await tasks('/g/moves');
  const lost = first?.host ?? '';
  const told = await events('status_update_event');
  const states = async (name: string) => (await tasks(`/g/${name}`)).map(({ host, state }) => [host, state]);
  for (const host of new Set([lost, 'agent-1'])) if (host !== 'agent-2') cluster.loseAgent(host);
  if (lost === 'agent-2') cluster.loseAgent('agent-2');
  await expect.poll(() => told.map(({ data }) => data['taskStatus']), patient).toContain('TASK_UNREACHABLE');
  if (lost === 'agent-2') cluster.returnAgent('agent-1');
  const other = lost === 'agent-1' ? 'agent-2' : 'agent-1';
  await expect.poll(() => states('moves'), patient).toContainEqual([other, 'TASK_RUNNING']);
  cluster.returnAgent(lost);
  await expect.poll(async () => (await states('moves')).length, patient).toBe(1);
  expect(await states('moves')).toMatchObject([[expect.any(String), 'TASK_RUNNING']]);
  expect(await states('stays'), 'and what must not run twice has waited').toEqual([
    ['agent-1', 'TASK_RUNNING'],
  ]);
});

test('while nobody leads all is refused, and then what was under way goes on', async () => {
  const { cluster, client, ask, put, events } = await world();
  const told = await events();
  await put(web('/g/web', 5000));
  await ask('PUT', '/v2/groups/g', { id: '/g', apps: [web('/g/web', 5000, { env: { SAYS: 'two' } })] });
  const changed = cluster.changeLeader(800);
  const statuses = new Set<number>();
  while (statuses.size < 2 || !statuses.has(503)) {
    statuses.add((await fetch(`${cluster.marathon}/v2/info`)).status);
    await pause(20);
  }
  expect([...statuses]).toEqual([502, 503]);
  await changed;
  expect(
    told.map(({ event }) => event),
    'its stream was cut',
  ).not.toContain('deployment_failed');
  await expect.poll(async () => client.deployments(AbortSignal.timeout(5000)), patient).toEqual([]);
  const said = await Promise.all(
    cluster.agents.map(async ({ address }) => (await fetch(`http://${address}:5000/`)).text()),
  );
  expect(said.toSorted()).toEqual(['two on agent-1', 'two on agent-2']);
});

test('a deployment locks its apps, and is taken back, or given up', async () => {
  const { ask, put, tasks } = await world();
  expect(await put(web('/g/web', 5000))).toEqual(done);
  const before = await tasks('/g/web');
  // It never becomes well.
  const healthChecks = [{ protocol: 'TCP', portIndex: 0, gracePeriodSeconds: 600, intervalSeconds: 1 }];
  const bad = { id: '/g', apps: [web('/g/web', 5000, { args: ['-c', quiet], healthChecks })] };
  const begun = (await ask('PUT', '/v2/groups/g', bad)).body;
  const fresh = async () => (await tasks('/g/web')).filter(({ id }) => !before.some((one) => one.id === id));
  const running = async () => (await fresh()).map(({ state }) => state);
  await expect.poll(running, patient).toEqual(['TASK_RUNNING']);
  // The same once more changes nothing, and so nothing is in its way: it ends before the first does.
  const same = await ask('PUT', '/v2/groups/g', bad);
  expect(same.status).toBe(200);
  const underWay = async () => (await ask('GET', '/v2/deployments')).body.deployments?.map(({ id }) => id);
  await expect.poll(underWay, patient).toEqual([begun.deploymentId]);
  const other = { id: '/g', apps: [web('/g/web', 5000, { args: ['-c', quiet], mem: 65 })] };
  expect(await ask('PUT', '/v2/groups/g', other)).toMatchObject({
    status: 409,
    body: {
      message: expect.stringMatching(/^App is locked by one or more deployments\./),
      deployments: [{ id: begun.deploymentId }],
    },
  });
  const back = await ask('DELETE', `/v2/deployments/${begun.deploymentId}`);
  expect(back.status).toBe(200);
  await expect.poll(underWay, patient).toEqual([back.body.deploymentId]);
  /*
   * Since 1.10 only what is well counts among what may be ended at once (TaskReplaceActor.scala: computeRestartStrategy): nothing is, as long as what is not well
   * holds its place. And once that has ended by itself, the next to be ended is still the one that is no more. Who does not want to wait ends them one by one.
   */
  const [unwell] = await fresh();
  expect((await ask('DELETE', `/v2/apps/g/web/tasks/${unwell?.id}`)).status).toBe(200);
  const well = async () => (await ask('GET', '/v2/apps/g/web')).body.app?.['tasksHealthy'];
  await expect.poll(well, patient).toBe(2);
  expect(await underWay()).toEqual([back.body.deploymentId]);
  const left = (await tasks('/g/web')).find(({ id }) => before.some((one) => one.id === id));
  expect((await ask('DELETE', `/v2/apps/g/web/tasks/${left?.id}`)).status).toBe(200);
  await expect.poll(async () => (await ask('GET', '/v2/deployments')).body.deployments, patient).toEqual([]);
  expect((await ask('GET', '/v2/apps/g/web')).body.app).toMatchObject({
    tasksHealthy: 2,
    env: { SAYS: 'one' },
  });
  const next = (await ask('PUT', '/v2/groups/g', bad)).body;
  expect((await ask('DELETE', `/v2/deployments/${next.deploymentId}?force=true`)).status).toBe(202);
  await expect.poll(async () => (await ask('GET', '/v2/deployments')).body.deployments, patient).toEqual([]);
  expect((await ask('GET', '/v2/apps/g/web')).body.app).toMatchObject({ args: ['-c', quiet] });
  expect(await ask('DELETE', `/v2/deployments/${next.deploymentId}`)).toMatchObject({ status: 404 });
});

test('apps are changed in part, restarted, scaled and killed', async () => {
  const { ask, put, tasks } = await world();
  expect(await put(python('/g/a', quiet, { instances: 2 }))).toEqual(done);
  const ids = async () => (await tasks('/g/a')).map(({ id }) => id).toSorted();
  const idle = () =>
    expect.poll(async () => (await ask('GET', '/v2/deployments')).body.deployments, patient).toEqual([]);
  const [first = '', second = ''] = await ids();
  expect((await ask('PATCH', '/v2/apps/g/a', { instances: 1 })).status).toBe(200);
  await idle();
  expect((await ids()).length).toBe(1);
  expect([first, second]).toContain((await ids())[0]);
  expect((await ask('PUT', '/v2/apps/g/a', { instances: 3, labels: { of: 'mine' } })).status).toBe(200);
  await idle();
  expect((await ask('GET', '/v2/apps?label=of==mine')).body.apps).toMatchObject([
    { id: '/g/a', instances: 3 },
  ]);
  expect((await ask('GET', '/v2/apps?label=of==other')).body.apps).toEqual([]);
  const three = await ids();
  expect((await ask('POST', '/v2/apps/g/a/restart')).status).toBe(200);
  await idle();
  expect((await ids()).filter((id) => three.includes(id))).toEqual([]);
  const [one = '', ...rest] = await ids();
  expect((await ask('DELETE', `/v2/apps/g/a/tasks/${one}`)).status).toBe(200);
  await expect.poll(ids, patient).toEqual([one.replace(/1$/, '2'), ...rest].toSorted());
  expect((await ask('DELETE', `/v2/apps/g/a/tasks/${one.replace(/1$/, '2')}?wipe=true`)).status).toBe(200);
  await expect
    .poll(
      async () => (await ids()).filter((id) => !rest.includes(id) && id.endsWith('._app.1')).length,
      patient,
    )
    .toBe(1);
  expect((await ask('DELETE', `/v2/apps/g/a/tasks/${rest[0]}?scale=true`)).body.deploymentId).toBeDefined();
  await idle();
  expect(await ids()).not.toContain(rest[0]);
  // What came in the place of the one that was wiped may still begin.
  const running = async () => (await ask('GET', '/v2/apps/g/a')).body.app?.['tasksRunning'];
  await expect.poll(running, patient).toBe(2);
  expect((await ask('DELETE', '/v2/apps/g/a')).status).toBe(200);
  await idle();
  expect(await ask('GET', '/v2/apps/g/a')).toMatchObject({
    status: 404,
    body: { message: "App '/g/a' does not exist" },
  });
});

test('what is wrong is refused, in Marathon’s words, and nothing is begun', async () => {
  const { ask } = await world({ agents: [] });
  const wrong = { id: '/g', apps: [python('/g/a', quiet, { constraints: [['hostname', 'UNIQUE', 'x']] })] };
  expect(await ask('PUT', '/v2/groups/g', wrong)).toMatchObject({
    status: 422,
    body: {
      message: 'Object is not valid',
      details: [{ path: '/g/a/constraints(0)', errors: ['UNIQUE does not accept a value'] }],
    },
  });
  expect(await ask('PATCH', '/v2/apps/g/a', { instances: 1 })).toMatchObject({ status: 404 });
  expect((await ask('GET', '/v2/deployments')).body.deployments).toEqual([]);
});

test('who may not is told so', async () => {
  const credentials = { user: 'u', password: 'p' };
  await using cluster = await startMesos({ agents: two, credentials });
  const { signal } = new AbortController();
  const servers = [cluster.marathon];
  await expect(new MarathonClient({ servers }).deployments(signal)).rejects.toMatchObject({ status: 401 });
  expect(await new MarathonClient({ servers, credentials }).deployments(signal)).toEqual([]);
  expect(await (await fetch(`${cluster.marathon}/ping`)).text()).toBe('pong');
});

test('who does not lead hands requests on, but not streams of events', async () => {
  const credentials = { user: 'u', password: 'p' };
  await using cluster = await startMesos({ agents: [], credentials, followers: 1 });
  const { signal } = new AbortController();
  const client = new MarathonClient({ servers: cluster.followers, credentials });
  expect(await client.deployments(signal)).toEqual([]);
  const [follower] = cluster.followers;
  const headers = { Accept: 'text/event-stream', Authorization: `Basic ${btoa('u:p')}` };
  const sent = await fetch(`${follower}/v2/events?event_type=x`, { headers, redirect: 'manual' });
  expect([sent.status, sent.headers.get('location')]).toEqual([
    302,
    `${cluster.marathon}/v2/events?event_type=x`,
  ]);
  expect(
    (await fetch(`${follower}/v2/events`, { headers })).status,
    'for fetch shows them to nobody else',
  ).toBe(401);
});
