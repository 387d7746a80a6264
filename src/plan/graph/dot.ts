import { reduced } from './reduce.ts';
import type { Graph } from './types.ts';

/**
 * The graph for Graphviz, a box for each service. Needs that follow from others are left out; a dashed arrow is a
 * need on the same node.
 */
export function toDot(graph: Graph): string {
  const services = Map.groupBy(graph.nodes, (node) => node.service);
  const lines = ['digraph kollage {', '  rankdir=LR;', '  node [fontname="sans-serif"];'];
  for (const [service, nodes] of [...services].sort(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(`  subgraph ${quote(`cluster_${service}`)} {`, `    label=${quote(service)};`);
    for (const { key, id, kind } of nodes)
      lines.push(`    ${quote(key)} [label=${quote(id)}, shape=${kind === 'task' ? 'ellipse' : 'box'}];`);
    lines.push('  }');
  }
  for (const { from, to, onNode } of reduced(graph))
    lines.push(`  ${quote(from)} -> ${quote(to)}${onNode ? ' [style=dashed]' : ''};`);
  return `${[...lines, '}'].join('\n')}\n`;
}

/** A quoted ID of the DOT language: only quotes and backslashes mean something in it. */
function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
