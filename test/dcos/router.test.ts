import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { type Account, serviceAccount } from '../../src/engines/dcos/account.ts';
import { AdminRouter } from '../../src/engines/dcos/router.ts';
import { complaints } from '../support/folders.ts';
import { type Accounts, AdminRouterStandIn, ca } from './admin-router.ts';

const user: Account = { type: 'user', uid: 'me', password: 'hunter2' };

async function standIn(accounts: Accounts = { passwords: { me: 'hunter2' } }): Promise<AdminRouterStandIn> {
  const made = await new AdminRouterStandIn(accounts).listen();
  onTestFinished(() => made[Symbol.asyncDispose]());
  return made;
}

function router(at: AdminRouterStandIn, account: Account = user): AdminRouter {
  const made = new AdminRouter({ url: at.url, account, ca, now: () => at.now });
  onTestFinished(() => made.close());
  return made;
}

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const secret = (more: object = {}) =>
  JSON.stringify({
    scheme: 'RS256',
    uid: 'kollage',
    private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    login_endpoint: 'https://leader.mesos/acs/api/v1/auth/login',
    ...more,
  });

test('a user logs in once, whatever is asked at the same time, and everything of the cluster is behind one address', async () => {
  const cluster = await standIn();
  const mine = router(cluster);
  const urls = [`${cluster.url}/service/marathon/v2/info`, `${cluster.url}/mesos/slaves`];
  const answers = await Promise.all(urls.map((url) => mine.fetch(url)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(cluster.asked[0]).toBe('login me');
  expect(cluster.asked.slice(1).sort()).toEqual(['GET /mesos/slaves', 'GET /service/marathon/v2/info']);
});

test('what is sent and what comes back is as with any other server', async () => {
  const cluster = await standIn();
  const mine = router(cluster);
  const sent = { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: '{"id":"/é"}' };
  const answer = await mine.fetch(`${cluster.url}/service/marathon/v2/groups/a?force=false`, sent);
  expect(await answer.json()).toEqual({ content: 'application/json' });
  expect(cluster.asked.at(-1)).toBe('PUT /service/marathon/v2/groups/a?force=false {"id":"/é"}');
  const led = await mine.fetch(`${cluster.url}/mesos/api/v1/scheduler`, { method: 'POST', body: '{}' });
  expect([led.status, led.headers.get('Location')]).toEqual([
    307,
    '//leader.example.org:5050/api/v1/scheduler',
  ]);
  expect((await mine.fetch(`${cluster.url}/nothing`)).status).toBe(404);
});

test('a stream is read as it comes, and ends when it is not wanted any more', async () => {
  const cluster = await standIn();
  const mine = router(cluster);
  const stop = new AbortController();
  const { body } = await mine.fetch(`${cluster.url}/service/marathon/v2/events`, { signal: stop.signal });
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  cluster.lines[0]?.('event: one\n\n');
  expect(await reader?.read()).toEqual({ done: false, value: 'event: one\n\n' });
  stop.abort();
  await expect(reader?.read()).rejects.toThrow(/abort/i);
});

test('a service account logs in with a token that its key signed, for a moment only', async () => {
  const cluster = await standIn({ keys: { kollage: keys.publicKey } });
  const mine = router(cluster, serviceAccount(secret()));
  expect((await mine.fetch(`${cluster.url}/service/marathon/v2/info`)).status).toBe(200);
  expect(cluster.asked).toEqual(['login kollage', 'GET /service/marathon/v2/info']);
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const stranger = serviceAccount(secret({ private_key: other.export({ type: 'pkcs8', format: 'pem' }) }));
  expect(
    await complaints(() => router(cluster, stranger).fetch(`${cluster.url}/service/marathon/v2/info`)),
  ).toEqual([expect.stringMatching(/^KLG-565 .*does not let kollage in: Invalid credentials given\.$/)]);
});

test.each([
  ['no JSON', 'x'],
  ['another scheme', secret({ scheme: 'HS256' })],
  ['no key', secret({ private_key: 'hunter2' })],
])('credentials that are none are refused without being shown: %s', async (_, text) => {
  const said = await complaints(() => serviceAccount(text));
  expect(said).toEqual([expect.stringMatching(/^KLG-565 .*not what DC\/OS writes/)]);
  expect(said.join()).not.toContain('hunter2');
});

test('a token is renewed before it ends, and not earlier', async () => {
  const cluster = await standIn();
  const mine = router(cluster);
  const logins = () => cluster.asked.filter((one) => one === 'login me').length;
  const ask = async () => (await mine.fetch(`${cluster.url}/service/marathon/v2/info`)).status;
  cluster.lifetime = 3600;
  expect([await ask(), logins()]).toEqual([200, 1]);
  cluster.now += 54 * 60_000;
  expect([await ask(), logins()]).toEqual([200, 1]);
  cluster.now += 2 * 60_000;
  expect([await ask(), logins()]).toEqual([200, 2]);
});

test('a token that is not taken any more is replaced by one login, and what was asked is asked once more', async () => {
  const cluster = await standIn();
  const mine = router(cluster);
  const put = (at: number) =>
    mine.fetch(`${cluster.url}/service/marathon/v2/groups/${at}`, { method: 'PUT', body: `{"n":${at}}` });
  await put(0);
  cluster.forget();
  const answers = await Promise.all([1, 2, 3].map(put));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(cluster.asked.filter((one) => one.startsWith('login'))).toHaveLength(2);
  expect(cluster.asked.filter((one) => one.startsWith('PUT')).sort()).toEqual(
    [0, 1, 2, 3].map((at) => `PUT /service/marathon/v2/groups/${at} {"n":${at}}`),
  );
});

test('a wrong password is told, without the password', async () => {
  const cluster = await standIn();
  const wrong = router(cluster, { ...user, password: 'hunter3' });
  const said = await complaints(() => wrong.fetch(`${cluster.url}/service/marathon/v2/info`));
  expect(said).toEqual([
    expect.stringMatching(/^KLG-565 .*does not let me in: Invalid credentials given\.$/),
  ]);
  expect(said.join()).not.toContain('hunter3');
});

test('a cluster whose certificate nobody vouches for is told nothing', async () => {
  const cluster = await standIn();
  const mine = new AdminRouter({ url: cluster.url, account: user });
  onTestFinished(() => mine.close());
  expect(await complaints(() => mine.fetch(`${cluster.url}/service/marathon/v2/info`))).toEqual([
    expect.stringMatching(/^KLG-562 .*certificate of 127\.0\.0\.1:\d+ is not trusted: unable to verify/),
  ]);
  expect(cluster.asked).toEqual([]);
});

test('a token goes to the cluster alone', async () => {
  const [cluster, other] = [await standIn(), await standIn()];
  const mine = router(cluster);
  await expect(mine.fetch(`${other.url}/service/marathon/v2/info`)).rejects.toThrow(/is not of the cluster/);
  expect([...cluster.asked, ...other.asked]).toEqual([]);
});
