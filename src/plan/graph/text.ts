import type { ResourceKey } from '../../model/resource.ts';
import { needsByNode, reduced } from './reduce.ts';
import type { Graph, GraphNode } from './types.ts';

/** The graph for a terminal: layer by layer, each process with what it waits for, and the longest way through. */
export function toText(graph: Graph): string {
  const names = new Map(graph.nodes.map((node) => [node.key, nameOf(node)]));
  const needs = needsByNode(reduced(graph));
  const width = Math.max(0, ...[...names.values()].map((name) => name.length));
  const digits = String(graph.nodes.at(-1)?.layer ?? 0).length;
  const lines = graph.nodes.map((node, index) => {
    const first = node.layer !== graph.nodes[index - 1]?.layer;
    const label = (first ? String(node.layer) : '').padStart(digits);
    const waits = (needs.get(node.key) ?? []).map(
      ({ from, onNode }) => `${names.get(from)}${onNode ? ' (same node)' : ''}`,
    );
    const name = nameOf(node);
    return waits.length === 0
      ? `${label}  ${name}`
      : `${label}  ${name.padEnd(width)}  <- ${waits.join(', ')}`;
  });
  const way = longestWay(graph).map((key) => names.get(key));
  return [
    'All containers are created at once; each waits inside for what stands behind the arrow.',
    '(task) runs once. Needs that follow from other needs are left out.',
    '',
    ...lines,
    '',
    ...(way.length > 1 ? [`Longest way: ${way.join(' -> ')}`, ''] : []),
  ].join('\n');
}

function nameOf(node: GraphNode): string {
  return node.kind === 'task' ? `${node.id} (task)` : node.id;
}

/** One of the longest ways: the first by key where there are several. */
function longestWay({ nodes, edges }: Graph): ResourceKey[] {
  const layer = new Map(nodes.map((node) => [node.key, node.layer]));
  const needs = needsByNode(edges);
  const way: ResourceKey[] = [];
  let key = nodes.findLast((node, index) => nodes[index - 1]?.layer !== node.layer)?.key;
  while (key !== undefined) {
    way.unshift(key);
    const below = (layer.get(key) ?? 0) - 1;
    key = needs.get(key)?.find(({ from }) => layer.get(from) === below)?.from;
  }
  return way;
}
