import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { upgrade } from '../../src/operate/upgrade.ts';
import { startCluster, type TestCluster } from '../cluster/cluster.ts';
import { whyNot } from '../cluster/programs.ts';
import { Running } from '../engines/running.ts';
import { folderOf } from '../engines/written.ts';
import { haveImages } from '../support/images.ts';
import { at, Cloud } from './cloud.ts';
import { downtime, told } from './downtime.ts';
import { guestImage } from './guest.ts';
import { inCluster } from './in-cluster.ts';

/* The identity and image part of OpenStack on three nodes, upgraded for real: what users have is there afterwards. Prints for how long each API was away. */

const reason = whyNot();
const name = 'kollage-upgraded';
const { root, write } = folderOf();
const folder = join(root, 'deployment');
const running = new Running(folder);
const { signal } = new AbortController();
let cluster: TestCluster;

const images = ['mariadb-server', 'memcached', 'rabbitmq', 'keystone', 'glance-api', 'placement-api'];
if (reason === null) await haveImages('2026.2', ...images);

describe.skipIf(reason !== null)(`an upgrade on three nodes${reason === null ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3, images: ['kollage/*'] });
    mkdirSync(folder, { recursive: true });
    write(
      'deployment/kollage.yaml',
      `name: ${name}
release: "2025.1"
profile: identity
engine: { type: kubernetes, address: ${cluster.kubeconfig}, storage: { class: shared, shared: shared } }
services: { rabbitmq: true, glance: { components: { api: { replicas: 2 } } }, placement: true }
`,
    );
    await ensureSecrets(folder);
    expect((await running.up()).number).toBe(1);
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  test('2025.1 to 2026.2: images and projects are there afterwards', async () => {
    const cloud = new Cloud(folder, '127.0.0.1', inCluster(cluster, name));
    await cloud.login();
    const format = { disk_format: 'raw', container_format: 'bare' };
    const image = String(
      at(await cloud.ask('glance', 'POST', '/v2/images', { name: 'kept', ...format }), 'id'),
    );
    await cloud.ask('glance', 'PUT', `/v2/images/${image}/file`, guestImage());
    await cloud.ask('keystone', 'POST', '/v3/projects', { project: { name: 'kept', domain_id: 'default' } });
    const bytes = String(await cloud.ask('glance', 'GET', `/v2/images/${image}/file`)).length;

    const stop = new AbortController();
    const reach = inCluster(cluster, name, 2000);
    const answers = (url: string) =>
      reach(url, { method: 'GET', headers: {} }).then(
        ({ status }) => status < 500,
        () => false,
      );
    const watching = downtime(stop.signal, ['keystone', 'glance', 'placement'], answers);
    const began = performance.now();
    const none = () => undefined;
    await upgrade({
      folder,
      release: '2026.2',
      planned: none,
      checking: none,
      follows: none,
      agreed: async () => {},
      emit: none,
      signal,
    });
    const seconds = Math.round((performance.now() - began) / 1000);
    stop.abort();
    process.stdout.write(`on three nodes, 2025.1 to 2026.2: ${seconds} s\n${told(await watching)}`);

    expect(await running.ailing()).toEqual([]);
    await cloud.login();
    expect(String(await cloud.ask('glance', 'GET', `/v2/images/${image}/file`))).toHaveLength(bytes);
    expect(at(await cloud.ask('keystone', 'GET', '/v3/projects?name=kept'), 'projects', 0, 'name')).toBe(
      'kept',
    );
  });
});
