import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { scratch } from '../support/folders.ts';

/*
 * The identity and image part of a real OpenStack, from the catalog and the images that Kollage builds: databases, schemas, first user,
 * service users and endpoints made by the tasks, everything started at once. Ports of its own, so that it disturbs nobody.
 */

const ports = {
  mariadb: 13306,
  memcached: 21211,
  rabbitmq: 15672,
  keystone: 15000,
  glance: 19292,
  placement: 18778,
};
const folder = scratch();
const keystone = `http://127.0.0.1:${ports.keystone}/v3`;
const deployment = (glance = '') => `name: kollage-test-openstack
profile: identity
services:
  mariadb: { options: { port: ${ports.mariadb} } }
  memcached: { options: { port: ${ports.memcached} } }
  rabbitmq: { options: { port: ${ports.rabbitmq}, cluster_port: ${ports.rabbitmq + 1} } }
  keystone: { options: { port: ${ports.keystone} } }
  glance: { options: { port: ${ports.glance}${glance} } }
  placement: { options: { port: ${ports.placement} } }
`;

async function bringUp(): Promise<number | null> {
  const never = new AbortController().signal;
  return up({ folder, emit: () => undefined, planned: () => undefined, signal: never });
}

async function token(): Promise<string> {
  const { values } = await readPasswords(openDeployment(folder));
  const response = await fetch(`${keystone}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: {
            user: {
              name: 'admin',
              domain: { id: 'default' },
              password: values.get('keystone_admin_password')?.reveal(),
            },
          },
        },
        scope: { project: { name: 'admin', domain: { id: 'default' } } },
      },
    }),
  });
  expect(response.status).toBe(201);
  return response.headers.get('x-subject-token') ?? '';
}

beforeAll(async () => {
  writeFileSync(join(folder, 'kollage.yaml'), deployment());
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
});

afterAll(() => destroy(folder, { data: false }));

test('it comes up, and every API answers with a token', async () => {
  expect(await bringUp()).toBe(1);
  const headers = { 'x-auth-token': await token() };
  const get = async (url: string) => (await fetch(url, { headers })).status;
  expect(await get(`${keystone}/users`)).toBe(200);
  expect(await get(`http://127.0.0.1:${ports.glance}/v2/images`)).toBe(200);
  expect(await get(`http://127.0.0.1:${ports.placement}/resource_providers`)).toBe(200);
  expect((await status(folder)).workloads.filter(({ state }) => state !== 'healthy')).toEqual([]);
});

test('the services are registered, each with its endpoint', async () => {
  const headers = { 'x-auth-token': await token() };
  const answer = await (await fetch(`${keystone}/endpoints`, { headers })).json();
  const { endpoints } = z
    .object({ endpoints: z.array(z.object({ url: z.string(), interface: z.string() })) })
    .parse(answer);
  const internal = endpoints
    .filter((endpoint) => endpoint.interface === 'internal')
    .map(({ url }) => new URL(url).port);
  expect(internal.sort()).toEqual([ports.keystone, ports.placement, ports.glance].map(String).sort());
});

test('a second time there is nothing to do', async () => {
  expect(await bringUp()).toBeNull();
});

test('an option of one service makes that one anew, and the data is kept', async () => {
  const before = await token();
  writeFileSync(join(folder, 'kollage.yaml'), `${deployment()}options: {}\n`);
  expect(await bringUp()).toBeNull();
  writeFileSync(join(folder, 'kollage.yaml'), deployment(', processes: 2'));
  expect(await bringUp()).toBe(2);
  const images = await fetch(`http://127.0.0.1:${ports.glance}/v2/images`, {
    headers: { 'x-auth-token': before },
  });
  expect(images.status).toBe(200);
});

test('every process ends when it is told to, before Docker kills it', () => {
  const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
  // What others need stops last: a service that has lost its broker has nobody to say goodbye to.
  const order = [
    'placement-api',
    'glance-api',
    'keystone-api',
    'rabbitmq-server',
    'mariadb-server',
    'memcached-server',
  ];
  const killed = order.filter((component) => {
    const container = `kollage-test-openstack-${component}`;
    docker('stop', container);
    return docker('inspect', '--format', '{{.State.ExitCode}}', container) === '137';
  });
  expect(killed).toEqual([]);
});
