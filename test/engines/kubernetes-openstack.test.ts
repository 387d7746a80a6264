import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { startCluster, type TestCluster } from '../cluster/cluster.ts';
import { whyNot } from '../cluster/programs.ts';
import { Running } from './running.ts';
import { folderOf } from './written.ts';

/* The identity and image part of OpenStack on three real nodes: brought up, proven by use, changed, taken back, a node lost. */

const reason = whyNot();
const { root, write } = folderOf();
const folder = join(root, 'deployment');
let cluster: TestCluster;
let running: Running;

function configure(more = ''): void {
  write(
    'deployment/kollage.yaml',
    `name: kollage-cloud
profile: identity
engine: { type: kubernetes, address: ${cluster.kubeconfig}, storage: { class: shared, shared: shared } }
services: { rabbitmq: true, glance: true, placement: true }
${more}`,
  );
}

async function nodeOf(workload: string): Promise<string> {
  const where = { kind: 'Pod', namespace: 'kollage-cloud' } as const;
  const { items } = await cluster.client.list(where, { labels: `kollage.dev/workload=${workload}` });
  const { nodeName } = (items[0]?.['spec'] ?? {}) as { nodeName?: string };
  if (nodeName === undefined) throw new Error(`${workload} is on no node`);
  return nodeName;
}

async function proves(): Promise<void> {
  const steps = await running.verify();
  expect(steps.some((step) => step.startsWith('image downloaded, the same bytes'))).toBe(true);
}

describe.skipIf(reason !== null)(`OpenStack on Kubernetes${reason === null ? '' : `: ${reason}`}`, () => {
  beforeAll(async () => {
    cluster = await startCluster({ nodes: 3, images: ['kollage/*'] });
    mkdirSync(folder, { recursive: true });
    configure();
    await ensureSecrets(folder);
    running = new Running(folder);
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
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
    expect((await running.failsUp()).message).toContain('its image cannot be pulled');
    expect(await running.ailing()).toEqual([]);
    configure();
    await proves();
  });

  test('comes back elsewhere when a node is lost', async () => {
    const node = await nodeOf('rabbitmq-server');
    await cluster.powerOff(node);
    await cluster.lost(node);
    // What must never run twice waits for a person, and says so; all else comes back by itself.
    await vi.waitFor(
      async () => {
        const broker = (await running.ailing()).find(({ workload }) => workload === 'rabbitmq/server');
        expect(broker?.why).toContain(`kubectl taint node ${node} `);
      },
      { timeout: 300_000, interval: 1000 },
    );
    const taint = { key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' };
    const lost = await cluster.client.get({ kind: 'Node', name: node });
    const { taints = [] } = (lost?.['spec'] ?? {}) as { taints?: object[] };
    await cluster.client.patch({ kind: 'Node', name: node }, { spec: { taints: [...taints, taint] } });
    await running.becomesHealthy();
    await proves();
    await cluster.client.patch({ kind: 'Node', name: node }, { spec: { taints: null } });
    cluster.heal(node);
    await cluster.ready(node);
    await running.becomesHealthy();
  });

  test('is taken away whole', async () => {
    await running.destroy();
    const { items } = await cluster.client.list({ kind: 'Namespace' });
    expect(items.map(({ metadata }) => metadata.name)).not.toContain('kollage-cloud');
  });
});
