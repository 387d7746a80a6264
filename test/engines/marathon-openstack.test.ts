import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backup, listBackups } from '../../src/operate/backup.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { type MesosCluster, startMesos } from '../mesos/cluster.ts';
import { type Ensemble, startEnsemble, whyNot } from '../zookeeper/ensemble.ts';
import { Running } from './running.ts';
import { folderOf } from './written.ts';

/* The identity and image part of OpenStack on Marathon's stand-in, with real containers and a real ZooKeeper: brought up, proven by use, changed, taken back. */

const reason = whyNot();
const { root, write } = folderOf();
const folder = join(root, 'deployment');
let mesos: MesosCluster;
let zookeeper: Ensemble;
let running: Running;

function configure(more = ''): void {
  const servers = zookeeper.servers.map(({ host, port }) => `${host}:${port}`).join();
  const engine = { type: 'marathon', address: mesos.marathon, mesos: mesos.mesos, zookeeper: servers };
  write(
    'deployment/kollage.yaml',
    `name: kollage-mesos
profile: identity
engine: ${JSON.stringify(engine)}
services: { rabbitmq: true, glance: true, placement: true }
${more}`,
  );
}

async function proves(): Promise<void> {
  const steps = await running.verify();
  expect(steps.some((step) => step.startsWith('image downloaded, the same bytes'))).toBe(true);
}

describe.skipIf(reason !== null)(`OpenStack on Marathon${reason === null ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    mesos = await startMesos({ agents: [{ hostname: 'agent-1' }, { hostname: 'agent-2' }] });
    zookeeper = await startEnsemble(1, mesos.gateway);
    mkdirSync(folder, { recursive: true });
    configure();
    await ensureSecrets(folder);
    running = new Running(folder);
  });

  afterAll(async () => {
    await zookeeper?.[Symbol.asyncDispose]();
    await mesos?.[Symbol.asyncDispose]();
  });

  test('comes up, and does what its users want of it', async () => {
    expect((await running.up()).number).toBe(1);
    expect(await running.ailing()).toEqual([]);
    await proves();
    expect((await running.up()).number).toBeNull();
  });

  test('rolls what a changed file is for, and nothing else', async () => {
    write('deployment/config/keystone.conf', '[token]\nexpiration = 7200\n');
    const { number, events } = await running.up();
    expect(number).toBe(2);
    const changed = events.flatMap((event) => (event.type === 'healthy' ? [event.key] : []));
    expect(changed).toEqual(['workload:keystone/api']);
  });

  test('goes back where an image cannot be had, and says why', async () => {
    configure('images: { overrides: { placement-api: "localhost:1/none:1" } }\n');
    expect((await running.failsUp()).message).toContain('its image cannot be had');
    await running.becomesHealthy();
    configure();
    await proves();
  });

  test('has no way to backups, and says so before anything runs', async () => {
    const signal = new AbortController().signal;
    const wanted = { folder, services: ['mariadb'], planned: () => undefined, emit: () => undefined, signal };
    await expect(backup(wanted)).rejects.toMatchObject({ code: 'KLG-210' });
    await expect(listBackups(folder, [])).rejects.toMatchObject({ code: 'KLG-210' });
  });

  test('is taken away whole', async () => {
    await running.destroy();
    expect([...mesos.service.root.apps.keys()]).toEqual([]);
  });
});
