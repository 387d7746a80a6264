import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import type { Plan } from '../../src/model/plan.ts';
import { rotate } from '../../src/operate/secrets/rotate.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { type Asking, whileAsking } from './load.ts';
import { Running } from './running.ts';
import { folderOf } from './written.ts';

/* Secrets of a real Keystone, Glance and Placement behind HAProxy, made anew while they are asked. */

const name = 'kollage-test-rotate';
const address = '127.0.0.44';
const { root, write } = folderOf();
const folder = join(root, 'deployment');
const running = new Running(folder);

const configure = (more = '') =>
  write(
    'deployment/kollage.yaml',
    `name: ${name}
profile: identity
address: ${address}
services:
  haproxy: true
  rabbitmq: { options: { cluster_port: 25678 } }
  glance: true
  placement: true
${more}`,
  );

beforeAll(async () => {
  configure();
  write('deployment/passwords.yml', '# mine\n');
  await ensureSecrets(folder);
  // On a machine that does much else Glance takes longer than its time for it; the next run goes on.
  for (let error = await running.tryUp(); error; error = await running.tryUp())
    expect(error.code).toBe('KLG-504');
});
afterAll(() => running.destroy());

const passwords = () => readFileSync(join(folder, 'passwords.yml'), 'utf8');

async function secret(of: string): Promise<string> {
  return (await readPasswords(openDeployment(folder))).values.get(of)?.reveal() ?? '';
}

function make(names: readonly string[], services: readonly string[] = []): Promise<{ plan: Plan | null }> {
  let plan: Plan | null = null;
  return rotate({
    folder,
    chosen: { names, services, all: false },
    made: () => undefined,
    planned: (planned) => {
      plan = planned;
    },
    follows: () => undefined,
    emit: () => undefined,
    signal: new AbortController().signal,
  }).then(() => ({ plan }));
}

/** Whether the database, or the broker, lets someone in. */
function entersDatabase(user: string, password: string): boolean {
  const client = ['mariadb', '-h', address, '-u', user, '-e', 'DO 1'];
  return runs(['exec', '-e', 'MYSQL_PWD', `${name}-mariadb-server`, ...client], { MYSQL_PWD: password });
}

function entersBroker(password: string): boolean {
  const act = ['rabbitmqctl', 'authenticate_user', 'openstack', password];
  return runs(['exec', `${name}-rabbitmq-server`, ...act]);
}

function runs(words: readonly string[], env: Record<string, string> = {}): boolean {
  try {
    execFileSync('docker', words, { env: { ...process.env, ...env }, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const at = (port: number, path: string) => `http://${address}:${port}${path}`;

async function login() {
  const domain = { id: 'default' };
  const user = { name: 'admin', domain, password: await secret('keystone_admin_password') };
  const scope = { project: { name: 'admin', domain } };
  const body = JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } });
  const headers = { 'content-type': 'application/json' };
  return { url: at(5000, '/v3/auth/tokens'), request: { method: 'POST', headers, body } };
}

async function token(): Promise<string> {
  const { url, request } = await login();
  return (await fetch(url, request)).headers.get('x-subject-token') ?? '';
}

/** What users ask: each API every 50 ms, and with a token what it must ask its database for. */
async function questions(): Promise<Asking[]> {
  const request = { headers: { 'x-auth-token': await token() } };
  return [
    { url: at(5000, '/v3'), every: 50 },
    { url: at(9292, '/'), accepts: ({ status }) => status === 300, every: 50 },
    { url: at(8778, '/'), every: 50 },
    { ...(await login()), every: 0 },
    { url: at(9292, '/v2/images'), request, every: 0 },
    { url: at(8778, '/resource_providers'), request, every: 0 },
  ];
}

test("database users, the database's root and the broker: no request fails, and only the new ones hold", async () => {
  const users = ['keystone', 'glance', 'placement'];
  const names = [
    ...users.map((user) => `${user}_database_password`),
    'database_password',
    'rabbitmq_password',
  ];
  const before = await Promise.all(names.map(secret));
  const containers = ['mariadb/server', 'rabbitmq/server'].map(started);
  const asked = await questions();
  let plan: Plan | null = null;
  const loads = await whileAsking(asked, async () => {
    plan = (await make(names)).plan;
  });
  expect(loads.map(({ failures }) => failures)).toEqual(asked.map(() => ({})));
  for (const { answered } of loads) expect(answered).toBeGreaterThan(1);
  // What the plan promised.
  const disturbs = (plan as Plan | null)?.changes.flatMap((change) => change.disturbs) ?? [];
  expect(disturbs).toEqual([expect.stringContaining('rabbitmq_password')]);
  // The servers of database and broker were not touched.
  expect(['mariadb/server', 'rabbitmq/server'].map(started)).toEqual(containers);
  const after = await Promise.all(names.map(secret));
  for (const [index, user] of [...users, 'root'].entries()) {
    expect(before[index]).not.toBe(after[index]);
    expect([
      user,
      entersDatabase(user, before[index] ?? ''),
      entersDatabase(user, after[index] ?? ''),
    ]).toEqual([user, false, true]);
  }
  expect([entersBroker(before[4] ?? ''), entersBroker(after[4] ?? '')]).toEqual([false, true]);
  expect(passwords()).toContain('# mine');
  expect(await running.ailing()).toEqual([]);
});

/** The containers of a component, and when they began: behind the balancer they have numbers that change. */
function started(component: string): string {
  const key = ['--filter', `label=io.kollage.key=workload:${component}`];
  const ours = ['--filter', `label=io.kollage.deployment=${name}`];
  const words = ['ps', '--no-trunc', ...ours, ...key, '--format', '{{.ID}} {{.CreatedAt}}'];
  return execFileSync('docker', words, { encoding: 'utf8' });
}

test('what fails is taken back: the old passwords hold, and no others, also in passwords.yml', async () => {
  const text = passwords();
  const [user, rootPassword] = await Promise.all(
    ['placement_database_password', 'database_password'].map(secret),
  );
  configure('checks: [{ name: mine, command: "grep -q placement_database /dev/null" }]\n');
  let made = '';
  await expect(
    rotate({
      folder,
      chosen: {
        names: ['placement_database_password', 'database_password', 'rabbitmq_password'],
        services: [],
        all: false,
      },
      made: () => {
        made = passwords();
      },
      planned: () => undefined,
      follows: () => undefined,
      emit: () => undefined,
      signal: new AbortController().signal,
    }),
  ).rejects.toMatchObject({ code: 'KLG-513' });
  configure();
  expect(made).not.toBe(text);
  expect(passwords()).toBe(text);
  const tried = /placement_database_password: "(.*)"/.exec(made)?.[1] ?? '';
  expect(tried).not.toBe('');
  expect([entersDatabase('placement', user ?? ''), entersDatabase('placement', tried)]).toEqual([
    true,
    false,
  ]);
  expect(entersDatabase('root', rootPassword ?? '')).toBe(true);
  expect(entersBroker(await secret('rabbitmq_password'))).toBe(true);
  expect(await running.ailing()).toEqual([]);
  expect((await running.up()).number).toBeNull();
});

test("the first user's password: nothing restarts, and the old one is refused", async () => {
  const old = await login();
  const containers = ['keystone/api', 'glance/api', 'placement/api'].map(started);
  await make(['keystone_admin_password']);
  expect(['keystone/api', 'glance/api', 'placement/api'].map(started)).toEqual(containers);
  expect((await fetch(old.url, old.request)).status).toBe(401);
  expect(await token()).not.toBe('');
});

test("a service's user in Keystone: the plan says what is noticed, and it serves afterwards", async () => {
  const { plan } = await make(['placement_keystone_password']);
  const disturbs = plan?.changes.flatMap((change) => change.disturbs) ?? [];
  expect(disturbs).toEqual([expect.stringMatching(/placement_keystone_password.*503/)]);
  const request = { headers: { 'x-auth-token': await token() } };
  expect((await fetch(at(8778, '/resource_providers'), request)).status).toBe(200);
});

test('keys of tokens: a token made before is good still, and what is made now is made with the new key', async () => {
  const before = await token();
  const mount = `${name}-keystone-fernet-keys:/keys`;
  const look = [
    'run',
    '--rm',
    '--user',
    '0',
    '-v',
    mount,
    '--entrypoint',
    'ls',
    'kollage/keystone:2025.1',
    '/keys',
  ];
  const keys = () => execFileSync('docker', look, { encoding: 'utf8' }).trim().split('\n');
  const count = keys().length;
  await make(['keystone/rotate-keys']);
  expect(keys().length).toBe(count + 1);
  const now = await token();
  for (const subject of [before, now]) {
    const headers = { 'x-auth-token': now, 'x-subject-token': subject };
    expect((await fetch(at(5000, '/v3/auth/tokens'), { headers })).status).toBe(200);
  }
});

test('names that nobody has are refused before anything is made', async () => {
  const text = passwords();
  await expect(make(['no_such'])).rejects.toMatchObject({ code: 'KLG-122' });
  await expect(make([], ['nova'])).rejects.toMatchObject({ code: 'KLG-105' });
  await expect(make([])).rejects.toMatchObject({ code: 'KLG-901' });
  expect(passwords()).toBe(text);
});
