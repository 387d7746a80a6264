import { reduced } from './reduce.ts';
import type { Graph } from './types.ts';

/**
 * The graph for Mermaid (GitHub shows it). Names are numbered, since Mermaid has reserved words; labels are quoted,
 * with entities inside.
 */
export function toMermaid(graph: Graph): string {
  const number = new Map(graph.nodes.map((node, index) => [node.key, `n${index}`]));
  const services = Map.groupBy(graph.nodes, (node) => node.service);
  const lines = ['flowchart LR'];
  for (const [index, [service, nodes]] of [...services].sort(([a], [b]) => (a < b ? -1 : 1)).entries()) {
    lines.push(`  subgraph s${index}["${entities(service)}"]`);
    for (const { key, id, kind } of nodes) {
      const label = `"${entities(id)}"`;
      lines.push(`    ${number.get(key)}${kind === 'task' ? `([${label}])` : `[${label}]`}`);
    }
    lines.push('  end');
  }
  for (const { from, to, onNode } of reduced(graph))
    lines.push(`  ${number.get(from)} ${onNode ? '-.->' : '-->'} ${number.get(to)}`);
  return `${lines.join('\n')}\n`;
}

/** Mermaid's own entities: #, quotes and angle brackets end or change a label. */
function entities(text: string): string {
  return text.replace(/[#"<>&]/g, (char) => `#${char.charCodeAt(0)};`);
}
