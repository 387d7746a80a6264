import { expect, onTestFinished, test, vi } from 'vitest';
import { MarathonClient, type MarathonOptions } from '../../src/engines/marathon/api/client.ts';
import { type DeployOptions, deploy, follow, takeBack } from '../../src/engines/marathon/api/deploy.ts';
import { MarathonError, UnreachableError } from '../../src/engines/marathon/api/errors.ts';
import { MarathonStandIn, type StandInOptions } from './stand-in.ts';

vi.setConfig({ testTimeout: 30_000 });

const { signal } = new AbortController();
const group = (cmd = 'sleep 1') => ({ id: '/g', apps: [{ id: '/g/a', cmd }] });

/** Makes the group what it shall be, once nothing else is about it. */
const begin = (client: MarathonClient, body: object, options: Partial<DeployOptions> = {}) =>
  deploy(client, (force) => client.put('/v2/groups/g', body, force, signal), { signal, ...options });

async function world(options: StandInOptions = {}, own: Partial<MarathonOptions> = {}) {
  const marathon = await MarathonStandIn.start(options);
  onTestFinished(() => marathon[Symbol.asyncDispose]());
  return { marathon, client: new MarathonClient({ servers: marathon.servers, ...own }) };
}

test('a deployment is followed to its end by its events', async () => {
  const { marathon, client } = await world();
  const begun = await begin(client, group());
  const end = follow(client, '/g', begun, signal);
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
  marathon.finish(begun.deploymentId);
  expect(await end).toEqual({ type: 'done' });
  const next = await begin(client, group('sleep 2'));
  const failed = follow(client, '/g', next, signal);
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
  marathon.fail(next.deploymentId, 'no more');
  expect(await failed).toEqual({ type: 'failed', why: 'no more' });
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(0);
});

test('an end that nobody told of is seen by looking: what is in force tells how it was', async () => {
  const { marathon, client } = await world();
  const begun = await begin(client, group());
  const end = follow(client, '/g', begun, signal);
  marathon.finish(begun.deploymentId, true);
  expect(await end).toEqual({ type: 'done' });
  const next = await begin(client, group('sleep 2'));
  marathon.finish(next.deploymentId, true);
  const other = await begin(client, group('sleep 3'));
  expect(await follow(client, '/g', next, signal)).toEqual({ type: 'gone' });
  marathon.finish(other.deploymentId);
});

test('a stream that breaks is taken up again', async () => {
  const { marathon, client } = await world();
  const begun = await begin(client, group());
  const end = follow(client, '/g', begun, signal);
  for (let round = 0; round < 3; round++) {
    await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
    marathon.cutStreams();
    await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(0);
  }
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
  marathon.finish(begun.deploymentId);
  expect(await end).toEqual({ type: 'done' });
});

test('what another deployment has locked is waited for, and forced only when told', async () => {
  const { marathon, client } = await world();
  const first = await begin(client, group());
  const locked = vi.fn();
  const waiting = begin(client, group('sleep 2'), { locked });
  await expect.poll(() => locked.mock.calls, { timeout: 15_000 }).toEqual([[[first.deploymentId]]]);
  expect(marathon.underWay).toEqual([first.deploymentId]);
  marathon.finish(first.deploymentId);
  const second = await waiting;
  expect(marathon.underWay).toEqual([second.deploymentId]);
  const end = follow(client, '/g', second, signal);
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
  const third = await begin(client, group('sleep 3'), { force: () => true });
  expect(marathon.underWay).toEqual([third.deploymentId]);
  expect(await end).toMatchObject({ type: 'failed' });
});

test('a deployment is taken back to what was before, by one of its own', async () => {
  const { marathon, client } = await world();
  const first = await begin(client, group());
  marathon.finish(first.deploymentId);
  const second = await begin(client, group('sleep 2'));
  const back = takeBack(client, '/g', second.deploymentId, signal);
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
  const [id = ''] = marathon.underWay;
  expect(id).not.toBe(second.deploymentId);
  marathon.finish(id);
  expect(await back).toEqual({ type: 'done' });
  expect(await takeBack(client, '/g', second.deploymentId, signal)).toBeNull();
});

test('a change whose answer is lost is made once more, and ends as one', async () => {
  const { marathon, client } = await world();
  marathon.loseAnswers(1);
  const answered = begin(client, group());
  await expect.poll(() => marathon.underWay, { timeout: 15_000 }).toHaveLength(1);
  const [lost = ''] = marathon.underWay;
  marathon.finish(lost);
  const begun = await answered;
  expect(begun.deploymentId).not.toBe(lost);
  const end = follow(client, '/g', begun, signal);
  marathon.finish(begun.deploymentId, true);
  expect(await end).toEqual({ type: 'done' });
});

test('one that is away, and a time without a leader, are got over', async () => {
  const { marathon, client } = await world({ members: 3 });
  const begun = await begin(client, group());
  const end = follow(client, '/g', begun, signal);
  await marathon.stop(0);
  marathon.depose();
  await new Promise((resolve) => setTimeout(resolve, 500));
  marathon.elect(1);
  await expect.poll(() => marathon.streams, { timeout: 15_000 }).toBe(1);
  marathon.finish(begun.deploymentId);
  expect(await end).toEqual({ type: 'done' });
});

test('a refusal comes in Marathon’s words', async () => {
  const { client } = await world();
  const wrong = { id: '/g', apps: [{ id: '/g/a', cmd: 'x', constraints: [['hostname', 'UNIQUE', 'x']] }] };
  const error = await begin(client, wrong).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MarathonError);
  expect(error).toMatchObject({
    status: 422,
    message: 'Object is not valid; /g/a/constraints(0): UNIQUE does not accept a value',
  });
});

test('wrong credentials are told, and right ones taken', async () => {
  const credentials = { user: 'u', password: 'p' };
  const { marathon, client } = await world({ credentials });
  await expect(client.deployments(signal)).rejects.toMatchObject({
    status: 401,
    message: 'Invalid username or password.',
  });
  const right = new MarathonClient({ servers: marathon.servers, credentials });
  expect(await right.deployments(signal)).toEqual([]);
});

test('where nobody answers it says so in the end', async () => {
  const client = new MarathonClient({ servers: ['http://127.0.0.1:1'], patience: 300 });
  await expect(client.deployments(signal)).rejects.toThrow(UnreachableError);
  await expect(client.deployments(signal)).rejects.toThrow(
    'Marathon at http://127.0.0.1:1 does not answer: ',
  );
});

test('taking a group away is a deployment too; one that is not there is nothing', async () => {
  const { marathon, client } = await world();
  const begun = await begin(client, group());
  marathon.finish(begun.deploymentId);
  expect(await client.groupVersion('/g', signal)).toBe(begun.version);
  const gone = await client.remove('/v2/groups/g', false, signal);
  expect(marathon.underWay).toEqual([gone?.deploymentId]);
  expect(await client.remove('/v2/groups/g', false, signal)).toBeNull();
});
