import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KollageEvent } from '../../../src/model/event.ts';
import { ensureSecrets } from '../../../src/operate/secrets.ts';
import { scratch } from '../../support/folders.ts';
import { dockerWorld } from '../docker-world.ts';
import { Running } from '../running.ts';

/* A real Keystone, Glance and Placement whose database, broker and API are killed while they come up, and restarted in any order afterwards. */

const name = 'kollage-fault-openstack';
const folder = scratch();
const cloud = new Running(folder);
const world = dockerWorld();
const ports = {
  mariadb: 13406,
  memcached: 21415,
  rabbitmq: 15772,
  keystone: 15100,
  glance: 19392,
  placement: 18878,
};

beforeAll(async () => {
  const services = Object.entries(ports).map(
    ([service, port]) =>
      `  ${service}: { options: { port: ${port}${service === 'rabbitmq' ? `, cluster_port: ${port + 1}` : ''} } }\n`,
  );
  writeFileSync(
    join(folder, 'kollage.yaml'),
    `name: ${name}\nprofile: identity\nservices:\n${services.join('')}`,
  );
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
});

afterAll(() => cloud.destroy());

/** What is killed, when the process of what begins. */
const victims: Readonly<Record<string, string>> = {
  'task:keystone/db-sync': 'mariadb-server',
  'workload:rabbitmq/server': 'rabbitmq-server',
  'workload:keystone/api': 'keystone-api',
};

test('database, broker and Keystone killed in the middle: it comes up, or says which task died, and a next run finishes', async () => {
  const killed = new Set<string>();
  const kill = (event: KollageEvent) => {
    const victim = event.type === 'started' ? victims[event.key] : undefined;
    if (victim === undefined || killed.has(victim)) return;
    killed.add(victim);
    world.kill(`${name}-${victim}`);
  };
  let error = await cloud.tryUp(kill);
  // Each task that was at work when its database died ends with that, the later ones perhaps only while the next run goes on.
  for (let runs = 0; error && runs < 3; runs++) {
    expect([error.code, error.message]).toEqual(['KLG-505', expect.stringMatching(/ ended with /)]);
    error = await cloud.tryUp();
  }
  expect(error).toBeNull();
  await cloud.becomesHealthy();
  expect(killed).toContain('mariadb-server');
});

test('restarted in any order, all are healthy again', async () => {
  const instances = [...world.instances(name).keys()].filter((instance) => /-(server|api)$/.test(instance));
  const order = instances.sort(() => Math.random() - 0.5);
  for (const instance of order) world.kill(instance);
  await cloud.becomesHealthy();
});
