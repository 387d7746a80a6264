import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { hostState } from '../engines/host-state.ts';
import { scratch } from '../support/folders.ts';

/*
 * The whole all-in-one of the catalog, from nothing to nothing: every service really runs, its agents report, every image's process stops
 * when it is told to, and the host is afterwards as it was. It takes the ports that an all-in-one has.
 */

const name = 'kollage-test-cloud';
const folder = scratch();
let before: ReturnType<typeof hostState>;

beforeAll(async () => {
  before = hostState(name);
  writeFileSync(join(folder, 'kollage.yaml'), `name: ${name}\n`);
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
});

afterAll(() => destroy(folder, { data: false }));

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

/** Runs OpenStack's own client; gives the lines that it prints. */
async function openstack(...command: string[]): Promise<string[]> {
  const { values } = await readPasswords(openDeployment(folder));
  const env = {
    OS_AUTH_URL: 'http://127.0.0.1:5000/v3',
    OS_USERNAME: 'admin',
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_DOMAIN_ID: 'default',
    OS_PASSWORD: values.get('keystone_admin_password')?.reveal() ?? '',
  };
  // By name only: what is written behind --env can be read in the list of processes.
  const names = Object.keys(env).flatMap((variable) => ['--env', variable]);
  const args = [
    'run',
    '--rm',
    '--network',
    'host',
    ...names,
    '--entrypoint',
    'openstack',
    'kollage/toolbox:2025.1',
    ...command,
  ];
  return execFileSync('docker', args, { encoding: 'utf8', env: { ...process.env, ...env } })
    .trim()
    .split('\n');
}

test('everything comes up and is healthy', async () => {
  const never = new AbortController().signal;
  expect(await up({ folder, emit: () => undefined, planned: () => undefined, signal: never })).toBe(1);
  expect((await status(folder)).workloads.filter(({ state }) => state !== 'healthy')).toEqual([]);
});

test('what reports to the APIs is up: compute, conductor, scheduler, agents, engines', async () => {
  // nova-compute serves before it has registered itself, which its health check cannot see.
  await vi.waitFor(
    async () => {
      const columns = ['-c', 'Binary', '-c', 'Status', '-c', 'State'];
      const services = await openstack('compute', 'service', 'list', '-f', 'value', ...columns);
      expect(services.sort()).toEqual([
        'nova-compute enabled up',
        'nova-conductor enabled up',
        'nova-scheduler enabled up',
      ]);
      expect(await openstack('hypervisor', 'list', '-f', 'value', '-c', 'State')).toEqual(['up']);
    },
    { timeout: 300_000, interval: 2000 },
  );
  const agents = await openstack('network', 'agent', 'list', '-f', 'value', '-c', 'Binary', '-c', 'Alive');
  expect(agents.sort()).toEqual([
    'True neutron-dhcp-agent',
    'True neutron-metadata-agent',
    'True neutron-openvswitch-agent',
  ]);
  expect(new Set(await openstack('orchestration', 'service', 'list', '-f', 'value', '-c', 'Status'))).toEqual(
    new Set(['up']),
  );
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
  // Open vSwitch stays for the clean-up of its bridges, which the next test asks for.
  const first = all.filter((container) => !container.includes('openvswitch-') && !needed.includes(container));
  const killed = [...first, ...needed].filter((container) => {
    docker('stop', container);
    return docker('inspect', '--format', '{{.State.ExitCode}}', container).trim() === '137';
  });
  expect(killed).toEqual([]);
});

test('destroyed, the host is as it was', async () => {
  await destroy(folder, { data: false });
  expect(hostState(name)).toEqual(before);
});
