import { generateKeyPairSync } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { dcosTransport } from '../../src/engines/dcos/transport.ts';
import { openDeployment, readDeploymentFile } from '../../src/load/deployment.ts';
import { secretOf } from '../../src/load/secret-of.ts';
import { TaskRunner } from '../../src/mesos/tasks.ts';
import { engineFor } from '../../src/operate/engine-of.ts';
import { forgetful, smallCluster, smallTask } from '../mesos/small.ts';
import { makeAuthority } from '../support/authority.ts';
import { complaints, folderWith } from '../support/folders.ts';
import { AdminRouterStandIn, ca } from './admin-router.ts';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const credentials = JSON.stringify({
  scheme: 'RS256',
  uid: 'kollage',
  private_key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
});

interface Written {
  readonly user?: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly ca?: string;
}

/** A small cluster of DC/OS', and a folder for it. */
async function world(written: Written = {}) {
  const { user, secrets = {}, ca: pem = ca } = written;
  const behind = await smallCluster();
  const accounts = { passwords: { me: 'hunter2' }, keys: { kollage: keys.publicKey } };
  const router = await new AdminRouterStandIn(accounts, { ...behind, agent: () => undefined }).listen();
  onTestFinished(() => router[Symbol.asyncDispose]());
  const named = user === undefined ? '' : `, user: ${user}`;
  const folder = folderWith({
    'kollage.yaml': `name: mycloud\nengine: { type: dcos, address: "${router.url}/", ca: tls/ca.pem${named} }\n`,
    'tls/ca.pem': pem,
    'passwords.yml': JSON.stringify(secrets),
  });
  const settings = readDeploymentFile(openDeployment(folder)).file.value.engine;
  const secret = secretOf(folder);
  const logins = () => router.asked.filter((one) => one.startsWith('login'));
  return { ...behind, router, settings, secret, engine: engineFor(settings, { secret }), logins };
}

const me = { user: 'me', secrets: { kollage_engine_password: 'hunter2' } };

test('a user’s engine is Marathon and Mesos behind the admin router, with one login for all that is asked', async () => {
  const { engine, router, logins } = await world(me);
  expect(engine.traits.name).toBe('dcos');
  expect(await engine.version()).toBe('1.11.24');
  expect((await engine.nodes({ deployment: 'mycloud', nodes: [] })).map(({ name }) => name)).toEqual([
    'agent-1',
  ]);
  expect(logins()).toEqual(['login me']);
  expect(router.asked).toContain('GET /service/marathon/v2/info');
  expect(router.asked).toContain('POST /mesos/api/v1');
});

test('a token that has ended is renewed, and what was asked is done', async () => {
  const { engine, router, logins } = await world(me);
  await engine.version();
  router.now += 6 * 86_400_000;
  expect(await engine.version()).toBe('1.11.24');
  expect(logins()).toEqual(['login me', 'login me']);
});

test.each([
  ['the secret of the folder', { secrets: { kollage_engine_account: credentials } }, undefined],
  ['what DC/OS gives to its apps', {}, credentials],
])('a service account logs in with its key, from %s', async (_, written, variable) => {
  vi.stubEnv('DCOS_SERVICE_ACCOUNT_CREDENTIAL', variable);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { engine, logins } = await world(written);
  expect(await engine.version()).toBe('1.11.24');
  expect(logins()).toEqual(['login kollage']);
});

test('one-time tasks are Mesos’ there too, on a stream through the router', async () => {
  const { settings, secret, launched, router } = await world(me);
  const { mesos, fetch, principal = '' } = await dcosTransport(settings, secret);
  const runner = new TaskRunner({
    ...{ masters: mesos, fetch, principal, memory: forgetful },
    ...{ name: 'kollage-test', user: 'root', role: '*' },
  });
  onTestFinished(() => runner.close());
  router.forget();
  expect(await runner.run(smallTask)).toEqual({ state: 'finished' });
  expect(launched).toHaveLength(1);
  expect(principal).toBe('me');
});

test('a wrong password is one error, and not tried again and again', async () => {
  const wrong = { user: 'me', secrets: { kollage_engine_password: 'hunter3' } };
  const { engine, router, logins } = await world(wrong);
  const said = await complaints(() => engine.version());
  expect(said).toEqual([`KLG-565 - DC/OS at ${router.url} does not let me in: Invalid credentials given.`]);
  expect(logins()).toEqual(['login me']);
});

test('nothing to log in with is told before anything is asked', async () => {
  const nobody = await world();
  expect(await complaints(() => nobody.engine.version())).toEqual([
    expect.stringMatching(/^KLG-120 .*neither is a user named for DC\/OS, nor .* kollage_engine_account/),
  ]);
  const silent = await world({ user: 'me' });
  expect(await complaints(() => silent.engine.version())).toEqual([
    'KLG-120 - the secret kollage_engine_password is missing, the password of me in DC/OS',
  ]);
  expect([...nobody.router.asked, ...silent.router.asked]).toEqual([]);
});

test('a cluster that another authority signed is one error, and is told nothing', async () => {
  const { engine, router } = await world({ ...me, ca: makeAuthority().ca });
  expect(await complaints(() => engine.version())).toEqual([
    expect.stringMatching(/^KLG-562 - the certificate of 127\.0\.0\.1:\d+ is not trusted: /),
  ]);
  expect(router.asked).toEqual([]);
});
