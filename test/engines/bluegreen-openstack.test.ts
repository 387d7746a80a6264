import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { type Asking, whileAsking } from './load.ts';
import { Running } from './running.ts';
import { folderOf } from './written.ts';

/* A real Keystone, Glance and Placement behind HAProxy: reconfigured while they are asked, with ports of their own. */

const ports = { keystone: 5610, glance: 9610, placement: 8610 };
const { root, write } = folderOf();
const folder = join(root, 'deployment');
const running = new Running(folder);

const configure = (expiration: number, processes: number, threads: number) =>
  write(
    'deployment/kollage.yaml',
    `name: kollage-test-bluegreen-openstack
profile: identity
services:
  haproxy: { options: { status_port: 5609 } }
  mariadb: { options: { port: 3610 } }
  memcached: { options: { port: 11610 } }
  keystone: { options: { port: ${ports.keystone}, token_expiration: ${expiration} } }
  glance: { options: { port: ${ports.glance}, processes: ${processes} } }
  placement: { options: { port: ${ports.placement}, threads: ${threads} } }
`,
  );

beforeAll(async () => {
  configure(3600, 1, 4);
  write('deployment/passwords.yml', '');
  await ensureSecrets(folder);
  await running.up();
});
afterAll(() => running.destroy());

const at = (service: keyof typeof ports, path: string) => `http://127.0.0.1:${ports[service]}${path}`;

async function login(): Promise<{ url: string; request: RequestInit }> {
  const { values } = await readPasswords(openDeployment(folder));
  const domain = { id: 'default' };
  const password = values.get('keystone_admin_password')?.reveal();
  const identity = { methods: ['password'], password: { user: { name: 'admin', domain, password } } };
  const body = JSON.stringify({ auth: { identity, scope: { project: { name: 'admin', domain } } } });
  const headers = { 'content-type': 'application/json' };
  return { url: at('keystone', '/v3/auth/tokens'), request: { method: 'POST', headers, body } };
}

test.each([
  ['there', 1800, 2, 5],
  ['and back', 3600, 1, 4],
])('each of them reconfigured, %s: no request fails', async (_, expiration, processes, threads) => {
  const tokens = await login();
  const token = (await fetch(tokens.url, tokens.request)).headers.get('x-subject-token') ?? '';
  const request = { headers: { 'x-auth-token': token } };
  const asked: Asking[] = [
    { url: at('keystone', '/v3'), every: 50 },
    { url: at('glance', '/'), accepts: ({ status }) => status === 300, every: 50 },
    { url: at('placement', '/'), every: 50 },
    { ...tokens, every: 0 },
    { url: at('glance', '/v2/images'), request, every: 0 },
    { url: at('placement', '/resource_providers'), request, every: 0 },
  ];
  configure(expiration, processes, threads);
  const loads = await whileAsking(asked, () => running.up());
  expect(loads.map(({ failures }) => failures)).toEqual(asked.map(() => ({})));
  for (const { answered } of loads) expect(answered).toBeGreaterThan(1);
  expect(await running.ailing()).toEqual([]);
});
