import { expect, test } from 'vitest';
import type { EngineNode } from '../engines/engine.ts';
import type { ObservedInstance } from '../model/plan.ts';
import { desiredOf, nodeOf } from '../plan/testing.ts';
import { nodesOf } from './nodes.ts';

const each = { scale: { each: 'node' } } as const;
const desired = desiredOf({
  workloads: [
    { id: 'net/agent', ...each, placement: { role: 'compute', nodes: ['c1', 'c2'], by: 'engine' } },
    { id: 'web/api', placement: { role: 'controller', nodes: ['k'], by: 'engine' } },
  ],
  nodes: [
    nodeOf({ name: 'c1', roles: ['compute'] }),
    nodeOf({ name: 'c2', roles: ['compute'] }),
    nodeOf({ name: 'k', roles: ['controller'] }),
  ],
  engine: 'kubernetes',
});

function there(name: string, roles: readonly string[] | null, why: string | null = null): EngineNode {
  return { name, roles, why, memory: 1024, cpus: 2 };
}

function runs(workload: string, node: string): ObservedInstance {
  return { workload, name: `${workload}-${node}`, node, fingerprint: 'f', state: 'running' };
}

function seen(...of: Parameters<typeof nodesOf>) {
  return nodesOf(...of).nodes.map(({ node, state, why, roles, runs, lacks }) => ({
    node,
    state,
    why,
    roles,
    runs: runs.map(({ workload }) => workload),
    lacks,
  }));
}

test('each node with its roles, what is there in fact, and what is missing', () => {
  const all = [
    there('c1', ['compute']),
    there('c2', ['compute'], 'it is cordoned'),
    there('k', ['controller']),
    there('x', []),
  ];
  const on = [runs('net/agent', 'c1'), runs('web/api', 'k'), runs('web/api', 'x')];
  expect(seen(desired, all, on)).toEqual([
    { node: 'c1', state: 'ready', why: '', roles: ['compute'], runs: ['net/agent'], lacks: [] },
    {
      node: 'c2',
      state: 'unready',
      why: 'it is cordoned',
      roles: ['compute'],
      runs: [],
      lacks: ['net/agent'],
    },
    { node: 'k', state: 'ready', why: '', roles: ['controller'], runs: ['web/api'], lacks: [] },
    { node: 'x', state: 'other', why: '', roles: [], runs: ['web/api'], lacks: [] },
  ]);
});

test('roles that labels do not say yet, or still say, are told; a node that the cluster has not, too', () => {
  const rows = seen(desired, [there('c1', ['network']), there('k', ['controller', 'compute'])], []);
  expect(rows.map(({ node, state, why }) => `${node} ${state} ${why}`)).toEqual([
    'c1 ready with the next up it gets compute and is no longer network',
    'c2 missing the engine has no node of this name',
    'k ready with the next up it is no longer compute',
  ]);
});

test('what is on no node yet stands apart', () => {
  const { nowhere } = nodesOf(desired, [there('k', [])], [runs('web/api', '')]);
  expect(nowhere).toEqual([{ workload: 'web/api', instance: 'web/api-', state: 'running' }]);
});

test('without names in kollage.yaml every node of a cluster may be used', () => {
  const anywhere = desiredOf({
    workloads: [
      { id: 'net/agent', ...each, placement: { role: 'compute', nodes: ['localhost'], by: 'engine' } },
    ],
    nodes: [nodeOf({ name: 'localhost', roles: ['compute', 'controller'] })],
    engine: 'kubernetes',
  });
  expect(seen(anywhere, [there('a', []), there('b', [])], [runs('net/agent', 'b')])).toEqual([
    { node: 'a', state: 'ready', why: '', roles: ['compute', 'controller'], runs: [], lacks: ['net/agent'] },
    { node: 'b', state: 'ready', why: '', roles: ['compute', 'controller'], runs: ['net/agent'], lacks: [] },
  ]);
});

test('an engine that does not place has its node as kollage.yaml says, and each replica its place', () => {
  const one = desiredOf({
    workloads: [{ id: 'web/api', placement: { role: 'controller', nodes: ['here'] } }],
    nodes: [nodeOf({ name: 'here', roles: ['controller'] })],
  });
  expect(seen(one, [there('here', null)], [])).toEqual([
    { node: 'here', state: 'ready', why: '', roles: ['controller'], runs: [], lacks: ['web/api'] },
  ]);
});

test('where nobody was asked, what shall be is known all the same', () => {
  expect(seen(desired, null, []).map(({ node, state, lacks }) => ({ node, state, lacks }))).toEqual([
    { node: 'c1', state: 'unknown', lacks: ['net/agent'] },
    { node: 'c2', state: 'unknown', lacks: ['net/agent'] },
    { node: 'k', state: 'unknown', lacks: [] },
  ]);
});
