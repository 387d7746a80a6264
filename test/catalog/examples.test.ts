import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import { loadDeployment } from '../../src/load/deployment.ts';
import { neededSecrets } from '../../src/load/secrets-needed.ts';
import type { Desired, Workload } from '../../src/model/resource.ts';

/** An example, compiled with every secret there. */
async function example(name: string) {
  const { deployment, catalog, findings } = await loadDeployment(`examples/${name}`);
  const secrets = new Map([...neededSecrets(catalog, deployment.services).keys()].map((key) => [key, key]));
  const engine = engineTraits[deployment.engine.type];
  const { desired, findings: more } = compile({ deployment: { ...deployment, secrets }, catalog, engine });
  return { desired, catalog, findings: [...findings, ...more] };
}

function workload(desired: Desired, id: string): Workload {
  const found = desired.resources.find((resource) => resource.kind === 'workload' && resource.id === id);
  if (found?.kind !== 'workload') throw new Error(`there is no workload ${id}`);
  return found;
}

test.each(readdirSync('examples'))('the example %s is without findings', async (name) => {
  const { findings } = await example(name);
  expect(findings).toEqual([]);
});

test('the example of many nodes: overrides reach the node that they are for, roles the nodes that have them', async () => {
  const { desired } = await example('multinode');
  const text = (id: string) => {
    const bundle = desired.resources.find((resource) => resource.kind === 'config' && resource.id === id);
    return bundle?.kind === 'config'
      ? (bundle.files.find(({ name }) => name === 'nova.conf')?.content ?? '')
      : '';
  };
  expect(workload(desired, 'nova/compute').placement.nodes).toHaveLength(39);
  expect(workload(desired, 'nova/compute@compute-001').placement.nodes).toEqual(['compute-001']);
  expect(text('nova/compute@compute-001')).toContain('cpu_mode = host-passthrough');
  expect(text('nova/compute')).toContain('cpu_mode = host-model');
  expect(text('nova/compute')).toContain('hw_machine_type = x86_64=q35');
  expect(text('nova/api')).not.toContain('hw_machine_type');
  expect(text('nova/api')).toContain('heartbeat_timeout_threshold = 30');
  expect(workload(desired, 'neutron/openvswitch-agent').placement.nodes).toHaveLength(43);
  expect(workload(desired, 'cinder/volume').placement.nodes).toHaveLength(4);
  expect(workload(desired, 'keystone/api').scale).toEqual({ replicas: 3 });
});

describe('the web shop, which has nothing of OpenStack', () => {
  test('is four services and a task, from its own catalog alone', async () => {
    const { desired, catalog } = await example('web-shop');
    expect([...catalog.services.keys()].sort()).toEqual(['cache', 'database', 'frontend', 'shop']);
    const ids = desired.resources.flatMap(({ kind, id }) =>
      kind === 'workload' || kind === 'task' ? [`${kind}:${id}`] : [],
    );
    expect(ids).toEqual([
      'task:shop/migrate',
      'workload:cache/server',
      'workload:database/server',
      'workload:frontend/web',
      'workload:shop/api',
    ]);
  });

  test('waits for what it needs, reads its options, and keeps its secret out of sight', async () => {
    const { desired } = await example('web-shop');
    const api = workload(desired, 'shop/api');
    expect(api.needs.map((need) => (need.kind === 'task' ? need.task : need.kind))).toEqual([
      'shop/migrate',
      'endpoint',
      'endpoint',
    ]);
    expect(api.secrets).toEqual(['shop_database_password']);
    expect(workload(desired, 'frontend/web').secrets).toEqual([]);
    const bundle = desired.resources.find(({ kind, id }) => kind === 'config' && id === 'shop/api');
    const ini = bundle?.kind === 'config' ? bundle.files[1]?.content : '';
    expect(ini).toContain('currency = CHF');
    expect(ini).toContain(
      'postgresql://shop:@{secret.shop_database_password|urlencode}@192.0.2.20:5432/shop',
    );
  });
});
