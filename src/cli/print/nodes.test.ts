import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import type { NodeRow } from '../../operate/nodes.ts';
import { printNodes } from './nodes.ts';

function row(node: string, changed: Partial<NodeRow> = {}): NodeRow {
  const runs = [{ workload: 'net/agent', instance: `net-agent-${node}`, state: 'running' } as const];
  return {
    node,
    state: 'ready',
    why: '',
    roles: ['compute'],
    memory: null,
    cpus: null,
    runs,
    lacks: [],
    ...changed,
  };
}

test('nodes that are alike stand together; what is wrong is named', () => {
  const nodes = [
    ...['c1', 'c2', 'c3', 'c4', 'c5'].map((name) => row(name)),
    row('c6', {
      state: 'unready',
      why: 'it is \u001b[31mnot ready',
      runs: [],
      lacks: ['net/agent', 'net/switch'],
    }),
    row('k', {
      roles: [],
      state: 'other',
      runs: [{ workload: 'web/api', instance: 'a', state: 'starting' }],
    }),
  ];
  const nowhere = [{ workload: 'web/api', instance: 'b', state: 'starting' } as const];
  const of = { deployment: 'cloud', engine: 'kubernetes', notAsked: null, nodes, nowhere };
  expect(printNodes(of, createColors(false), 80)).toBe(`cloud  kubernetes, 7 nodes, 5 ready
  ready    c1, c2, c3 and 2 more  compute
           net/agent
  unready  c6  compute  it is not ready
           lacks net/agent, net/switch
  other    k  no role here
           web/api (starting)
           nowhere web/api
`);
});

test('that the engine was not asked is said, and nothing called ready', () => {
  const of = {
    deployment: 'c',
    engine: 'marathon',
    notAsked: 'no',
    nodes: [row('n', { state: 'unknown' })],
    nowhere: [],
  };
  expect(printNodes(of, createColors(false), 80)).toContain(`c  marathon, 1 node
  the engine was not asked: no
  unknown  n`);
});
