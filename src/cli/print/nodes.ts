import type { NodeRow, Nodes } from '../../operate/nodes.ts';
import type { Paint } from '../colour.ts';
import { harmless, type Line, paintLine, span, type Tone, wrap } from '../live/text.ts';

/** Names that one line shows of nodes that are all alike. */
const most = 3;
const indent = '           ';

/** Nodes for people: those that are alike together, each with what is there. Ends with a line break. */
export function printNodes(of: Nodes, paint: Paint, columns: number): string {
  const lines: Line[] = [
    headOf(of),
    ...(of.notAsked === null ? [] : [[span(`  the engine was not asked: ${harmless(of.notAsked)}`, 'wait')]]),
    ...alike(of.nodes).flatMap((rows) => linesOf(rows, columns)),
    ...listed(
      'nowhere',
      of.nowhere.map(({ workload }) => workload),
      columns,
    ),
  ];
  return `${lines.map((line) => paintLine(line, Number.POSITIVE_INFINITY, paint).trimEnd()).join('\n')}\n`;
}

function headOf({ deployment, engine, nodes, notAsked }: Nodes): Line {
  const ready = nodes.filter(({ state }) => state === 'ready').length;
  const count = `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}${notAsked === null ? `, ${ready} ready` : ''}`;
  return [span(deployment, 'bold'), span(`  ${engine}, ${count}`)];
}

/** Nodes of which the same is to be said, in the order of the first of each kind. */
function alike(nodes: readonly NodeRow[]): NodeRow[][] {
  const groups = new Map<string, NodeRow[]>();
  for (const row of nodes) {
    const key = JSON.stringify([row.state, row.why, row.roles, row.runs.map(described), row.lacks]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

function linesOf(rows: readonly NodeRow[], columns: number): Line[] {
  const [row] = rows;
  if (!row) return [];
  const names = rows.slice(0, most).map(({ node }) => node);
  const more = rows.length - names.length;
  const what = row.roles.length > 0 ? row.roles.join(', ') : 'no role here';
  return [
    [
      span(`  ${row.state.padEnd(7)}`, tones[row.state]),
      span(`  ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`, 'bold'),
      span(`  ${what}`),
      span(row.why === '' ? '' : `  ${harmless(row.why)}`, row.state === 'ready' ? 'wait' : 'bad'),
    ],
    ...wrap(row.runs.map(described), ', ', columns - indent.length).map(
      (line): Line => [span(`${indent}${line}`)],
    ),
    ...listed('lacks', row.lacks, columns),
  ];
}

function listed(title: string, words: readonly string[], columns: number): Line[] {
  if (words.length === 0) return [];
  const [first = '', ...rest] = wrap(words, ', ', columns - indent.length - title.length - 1);
  return [
    [span(`${indent}${title} `, 'wait'), span(first)],
    ...rest.map((line): Line => [span(`${indent}${' '.repeat(title.length + 1)}${line}`)]),
  ];
}

function described({ workload, state }: NodeRow['runs'][number]): string {
  return state === 'running' ? workload : `${workload} (${state})`;
}

const tones: Readonly<Record<NodeRow['state'], Tone>> = {
  ready: 'good',
  unready: 'bad',
  missing: 'bad',
  other: 'dim',
  unknown: 'dim',
};
