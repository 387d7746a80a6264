import { describe, expect, test } from 'vitest';
import { buildGraph, toDot, toMermaid, toText } from '../graph.ts';
import { desiredOf, needs, type TestDesired } from '../testing.ts';
import { circles } from './circles.ts';
import { layersOf } from './layers.ts';

const shop: TestDesired = {
  nodes: ['n1', 'n2'],
  endpoints: [{ id: 'db/main', port: 3306, workload: 'db/server' }],
  workloads: [
    { id: 'db/server' },
    { id: 'web/api', needs: [{ kind: 'task', task: 'web/migrate' }, needs('db/main')] },
    {
      id: 'web/agent',
      needs: [
        { kind: 'component', component: 'db/server', on: 'node', probe: { type: 'socket', path: '/x' } },
      ],
    },
    { id: 'web/agent@n2', needs: [{ kind: 'output', output: 'web/migrate', key: 'k' }] },
  ],
  tasks: [{ id: 'web/migrate', needs: [needs('db/main')] }],
};

test('needs become edges between processes, in the direction of time', () => {
  const graph = buildGraph(desiredOf(shop));
  expect(graph.nodes.map(({ key, layer }) => `${layer} ${key}`)).toEqual([
    '0 workload:db/server',
    '1 task:web/migrate',
    '2 workload:web/agent',
    '2 workload:web/api',
  ]);
  expect(graph.edges.map(({ from, to, onNode }) => `${from} ${to} ${onNode}`)).toEqual([
    'task:web/migrate workload:web/agent false',
    'task:web/migrate workload:web/api false',
    'workload:db/server task:web/migrate false',
    'workload:db/server workload:web/agent true',
    'workload:db/server workload:web/api false',
  ]);
  expect(graph.open).toEqual([]);
});

test('as text: layers, without needs that follow from others', () => {
  expect(toText(buildGraph(desiredOf(shop)))).toMatchInlineSnapshot(`
    "All containers are created at once; each waits inside for what stands behind the arrow.
    (task) runs once. Needs that follow from other needs are left out.

    0  db/server
    1  web/migrate (task)  <- db/server
    2  web/agent           <- web/migrate (task), db/server (same node)
       web/api             <- web/migrate (task)

    Longest way: db/server -> web/migrate (task) -> web/agent
    "
  `);
});

test('as DOT', () => {
  expect(toDot(buildGraph(desiredOf(shop)))).toMatchInlineSnapshot(`
    "digraph kollage {
      rankdir=LR;
      node [fontname="sans-serif"];
      subgraph "cluster_db" {
        label="db";
        "workload:db/server" [label="db/server", shape=box];
      }
      subgraph "cluster_web" {
        label="web";
        "task:web/migrate" [label="web/migrate", shape=ellipse];
        "workload:web/agent" [label="web/agent", shape=box];
        "workload:web/api" [label="web/api", shape=box];
      }
      "task:web/migrate" -> "workload:web/agent";
      "task:web/migrate" -> "workload:web/api";
      "workload:db/server" -> "task:web/migrate";
      "workload:db/server" -> "workload:web/agent" [style=dashed];
    }
    "
  `);
});

test('as Mermaid', () => {
  expect(toMermaid(buildGraph(desiredOf(shop)))).toMatchInlineSnapshot(`
    "flowchart LR
      subgraph s0["db"]
        n0["db/server"]
      end
      subgraph s1["web"]
        n1(["web/migrate"])
        n2["web/agent"]
        n3["web/api"]
      end
      n1 --> n2
      n1 --> n3
      n0 --> n1
      n0 -.-> n2
    "
  `);
});

describe('names that mean something to the tools are quoted', () => {
  const odd = buildGraph(desiredOf({ workloads: [{ id: 'a"b/c\\d<end>' }] }));

  test('in DOT', () => {
    expect(toDot(odd)).toContain('label="a\\"b/c\\\\d<end>"');
  });

  test('in Mermaid', () => {
    expect(toMermaid(odd)).toContain('n0["a#34;b/c\\d#60;end#62;"]');
  });
});

test('an empty graph can be printed', () => {
  const graph = buildGraph(desiredOf({}));
  for (const print of [toText, toDot, toMermaid]) expect(print(graph)).toMatch(/\n$/);
});

describe('circles', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['none', ['ab', 'bc', 'ac'], []],
    ['of itself', ['aa', 'ab'], ['a']],
    ['two', ['ab', 'ba', 'bc'], ['ab']],
    ['two in one knot, the shortest through each', ['ba', 'cb', 'ac', 'ab'], ['ab', 'cab']],
    ['two apart', ['ab', 'ba', 'cd', 'dc'], ['ab', 'cd']],
  ])('%s', (_, edges, expected) => {
    const key = (name: string) => `task:${name}` as const;
    const pairs = edges.map(([from = '', to = '']) => ({
      from: key(from),
      to: key(to),
      need: 'task' as const,
      onNode: false,
    }));
    const keys = [...new Set(pairs.flatMap(({ from, to }) => [from, to]))].sort();
    const layers = layersOf(keys, pairs);
    const nodes = keys
      .map((id) => ({ key: id, kind: 'task' as const, id, service: '', layer: layers.get(id) ?? 0 }))
      .sort((a, b) => a.layer - b.layer);
    const found = circles({ nodes, edges: pairs, open: [] }).map((circle) =>
      circle.map((id) => id.slice(5)).join(''),
    );
    expect(found).toEqual(expected);
  });
});
