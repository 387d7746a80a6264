import type { Finding } from '../../model/error.ts';
import type { ResourceRequest } from '../../model/resource.ts';
import { sizeText } from '../reasons/fields.ts';
import { nodesText } from '../reasons/nodes.ts';
import type { CheckInput, Placed } from './placed.ts';

/**
 * KLG-403: the components of a node ask for more memory (an error: something will be killed) or more processors (a
 * warning: everything gets slower) than it has, by what the deployment says of the node, else by what was seen.
 * Nothing is said of nodes of which neither is known. Linear in instances.
 */
export function checkCapacity(input: CheckInput, all: readonly Placed[]): Finding[] {
  return [
    ...checkOne(input, all, 'memory', 'error', 'of memory', sizeText),
    ...checkOne(input, all, 'cpus', 'warning', 'processors', (cpus) => String(Math.round(cpus * 100) / 100)),
  ];
}

function checkOne(
  input: CheckInput,
  all: readonly Placed[],
  what: keyof ResourceRequest,
  severity: Finding['severity'],
  unit: string,
  text: (amount: number) => string,
): Finding[] {
  const has = capacities(input, what);
  if (has.size === 0) return [];
  const asked = requested(all, what);
  const short = [...asked].filter(([node, sum]) => sum > (has.get(node) ?? Number.POSITIVE_INFINITY));
  const alike = Map.groupBy(short, ([node, sum]) => `${sum} ${has.get(node)}`);
  return [...alike.values()].map((group) => {
    const nodes = group.map(([node]) => node);
    const [first = '', sum = 0] = group[0] ?? [];
    const each = nodes.length === 1 ? '' : ' each';
    return {
      code: 'KLG-403',
      severity,
      message:
        `the components on ${nodesText(nodes)} ask for ${text(sum)} ${unit}${each}, there are ${text(has.get(first) ?? 0)}` +
        ` (most: ${largest(all, first, what, text)})`,
    };
  });
}

/**
 * What is asked of each node. Components of a role share the list of its nodes, so each list is gone through but
 * once.
 */
function requested(all: readonly Placed[], what: keyof ResourceRequest): Map<string, number> {
  const byList = new Map<readonly string[], number>();
  for (const { workload, nodes } of all) {
    const request = workload.resources[what];
    if (request !== null) byList.set(nodes, (byList.get(nodes) ?? 0) + request);
  }
  const asked = new Map<string, number>();
  for (const [nodes, sum] of byList) for (const node of nodes) asked.set(node, (asked.get(node) ?? 0) + sum);
  return asked;
}

function capacities({ desired, observed }: CheckInput, what: keyof ResourceRequest): Map<string, number> {
  const found = new Map<string, number>();
  for (const node of observed.nodes ?? []) {
    const amount = node[what];
    if (amount !== undefined) found.set(node.name, amount);
  }
  for (const node of desired.nodes) {
    const amount = node[what];
    if (amount !== null) found.set(node.name, amount);
  }
  return found;
}

function largest(
  all: readonly Placed[],
  node: string,
  what: keyof ResourceRequest,
  text: (amount: number) => string,
): string {
  return all
    .filter(({ workload, nodes }) => workload.resources[what] !== null && nodes.includes(node))
    .map(({ workload }) => ({ id: workload.id, amount: workload.resources[what] ?? 0 }))
    .sort((a, b) => b.amount - a.amount || (a.id < b.id ? -1 : 1))
    .slice(0, 3)
    .map(({ id, amount }) => `${id} ${text(amount)}`)
    .join(', ');
}
