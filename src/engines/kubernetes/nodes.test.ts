import { expect, test } from 'vitest';
import { clusterNode } from './nodes.ts';

function node(changed: { labels?: object; spec?: object; ready?: object } = {}) {
  const { labels = {}, spec = {}, ready = { status: 'True' } } = changed;
  return clusterNode(
    {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n', labels: labels as Record<string, string> },
      spec,
      status: { allocatable: { memory: '4Gi', cpu: '1930m' }, conditions: [{ type: 'Ready', ...ready }] },
    },
    'cloud',
  );
}

test('a node has the roles of its labels of this deployment, and what it has for pods', () => {
  const labels = {
    'cloud.kollage.dev/network': 'true',
    'cloud.kollage.dev/compute': 'true',
    'other.kollage.dev/x': 'true',
  };
  expect(node({ labels })).toEqual({
    name: 'n',
    roles: ['compute', 'network'],
    why: null,
    memory: 4 * 1024 ** 3,
    cpus: 1.93,
  });
});

test.each<[string | null, Parameters<typeof node>[0]]>([
  [null, {}],
  [
    'it is not ready: NodeStatusUnknown: Kubelet stopped posting node status.',
    {
      ready: {
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
      },
    },
  ],
  ['it is cordoned, and takes nothing new', { spec: { unschedulable: true } }],
  [
    'its taint gpu (NoSchedule) keeps our pods away',
    { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } },
  ],
  [null, { spec: { taints: [{ key: 'cloud.kollage.dev/compute', effect: 'NoSchedule' }] } }],
  [null, { spec: { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] } }],
])('why it takes nothing: %s', (why, changed) => {
  expect(node(changed).why).toBe(why);
});
