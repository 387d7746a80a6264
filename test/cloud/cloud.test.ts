import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { logs } from '../../src/operate/logs.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { up } from '../../src/operate/up.ts';
import { verify } from '../../src/operate/verify.ts';
import { hostState } from '../engines/host-state.ts';
import { scratch } from '../support/folders.ts';
import { at, type Belongings, belongings, Cloud, settle } from '../upgrade/cloud.ts';

/*
 * The whole all-in-one of the catalog, from nothing to nothing: every service really runs and can be used, every image's process stops
 * when it is told to and comes back, and the host is afterwards as it was, whatever users had. It takes the ports that an all-in-one has.
 */

const name = 'kollage-test-cloud';
const folder = scratch();
let before: ReturnType<typeof hostState>;
let users: Belongings;

beforeAll(async () => {
  before = hostState(name);
  writeFileSync(join(folder, 'kollage.yaml'), `name: ${name}\n`);
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
});

afterAll(async () => void (await destroy(folder, { data: false })));

/** What an operation says, kept for when it fails. */
function telling() {
  const said: string[] = [];
  const emit = (event: KollageEvent) => {
    if (event.type === 'step') said.push(`${event.key} ${event.text}`);
    if (event.type === 'change-failed') said.push(`${event.key} ${event.message}`, ...event.logs);
  };
  const quiet = () => undefined;
  return { said, call: { folder, emit, planned: quiet, file: quiet, signal: new AbortController().signal } };
}

async function bringUp(): Promise<void> {
  const { said, call } = telling();
  expect(await up(call).catch(String), said.join('\n')).toBeTypeOf('number');
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

test('everything comes up, and is ready', bringUp);

test('users settle: a server, networks, a router, a stack', async () => {
  const cloud = new Cloud(folder);
  await cloud.login();
  users = await settle(cloud);
  const { network } = users;
  const router = await cloud.ask('neutron', 'POST', '/v2.0/routers', { router: { name: 'door' } });
  const subnets = await cloud.ask('neutron', 'GET', `/v2.0/subnets?network_id=${network}`);
  await cloud.ask('neutron', 'PUT', `/v2.0/routers/${at(router, 'router', 'id')}/add_router_interface`, {
    subnet_id: at(subnets, 'subnets', 0, 'id'),
  });
  const ports = `/v2.0/ports?device_id=${at(router, 'router', 'id')}`;
  await cloud.until('neutron', ports, (answer) => at(answer, 'ports', 0, 'status') === 'ACTIVE');
});

test('a user can use it: every proof holds, leaves nothing, and touches nothing of others', async () => {
  const { said, call } = telling();
  const cloud = new Cloud(folder);
  await cloud.login();
  const had = await belongings(cloud, users);
  expect(await verify({ ...call, names: [] }).catch(String), said.join('\n')).toBeUndefined();
  const cleaned = said.filter((step) => step.includes('everything is taken away again'));
  expect(cleaned.length, said.join('\n')).toBe(6);
  expect(await belongings(cloud, users)).toEqual(had);
  expect(had).toMatchObject({ image: 'active', server: 'ACTIVE', stack: 'CREATE_COMPLETE' });
});

test('each process of a service has a log; a task that had nothing to do has none', async () => {
  const of = new Set<string>();
  const query = { folder, names: ['nova'], follow: false, tail: 3 };
  await logs(query, (id) => of.add(id), new AbortController().signal);
  expect([...of]).toEqual(expect.arrayContaining(['nova/api', 'nova/compute', 'nova/db-sync']));
  expect([...of]).not.toContain('nova/db-contract');
});

/** What others need stops last: a service that has lost its broker has nobody to say goodbye to. */
const needed = ['keystone-api', 'rabbitmq-server', 'mariadb-server', 'memcached-server'].map(
  (container) => `${name}-${container}`,
);

test("every image's process ends when it is told to, before Docker kills it", () => {
  const filter = ['--filter', `label=io.kollage.deployment=${name}`];
  const all = docker('ps', ...filter, '--format', '{{.Names}}')
    .trim()
    .split('\n')
    .sort();
  const first = all.filter((container) => !needed.includes(container));
  // One after the other: see DockerEngine.destroy.
  for (const container of [...first, ...needed]) docker('stop', container);
  const ended = docker('inspect', '--format', '{{.Name}} {{.State.ExitCode}}', ...all)
    .trim()
    .split('\n');
  expect(ended.filter((how) => how.endsWith(' 137'))).toEqual([]);
});

test('stopped as a whole it comes back, with what users have', async () => {
  await bringUp();
  const cloud = new Cloud(folder);
  await cloud.login();
  const shown = await cloud.ask('nova', 'GET', `/v2.1/servers/${users.server}`);
  expect(at(shown, 'server', 'status')).toBe('ACTIVE');
});

test('destroyed with all that users have, the host is as it was, also where what made it does not run', async () => {
  docker('rm', '--force', `${name}-neutron-dhcp-agent`);
  docker('kill', `${name}-nova-libvirt`, `${name}-openvswitch-vswitchd`, `${name}-openvswitch-db-server`);
  expect(await destroy(folder, { data: false })).toEqual({ name, left: [] });
  expect(hostState(name)).toEqual(before);
});
