import type { Workload } from '../model/resource.ts';

/**
 * The node of each instance of a workload, in the order of its nodes: one on each, or its replicas spread evenly.
 * Deterministic. `keep` are the nodes that instances are on already (a node as often as it holds one): those stay
 * where they may, so that a new node or another number of replicas moves nothing. Without it, replicas begin at a
 * node that follows from the service's name: all of a service's components at the same one, since they may share
 * files of a node, and services at different ones. Linear in nodes and replicas. Empty when there is no node.
 */
export function assign(
  workload: Pick<Workload, 'service' | 'scale' | 'placement'>,
  keep: readonly string[] = [],
): readonly string[] {
  const { nodes } = workload.placement;
  if ('each' in workload.scale) return nodes;
  const wanted = workload.scale.replicas;
  if (nodes.length === 0 || wanted === 0) return [];
  if (workload.placement.by === 'engine' && keep.length > 0) return chosen(nodes, wanted, keep);
  const held = countBy(keep);
  const counts = new Map<string, number>();
  const order = rotated(nodes, workload.service);
  const most = Math.ceil(wanted / nodes.length);
  let left = wanted;
  const fill = (may: (node: string, level: number) => boolean) => {
    for (let level = 1; level <= most && left > 0; level++) {
      for (const node of order) {
        if (left === 0) break;
        if ((counts.get(node) ?? 0) >= level || !may(node, level)) continue;
        counts.set(node, level);
        left--;
      }
    }
  };
  if (held.size > 0) fill((node, level) => (held.get(node) ?? 0) >= level);
  fill(() => true);
  return nodes.flatMap((node) => repeat(node, counts.get(node) ?? 0));
}

/** Where an engine that chooses nodes itself has put instances, they are; only how many there are is ours to say. */
function chosen(nodes: readonly string[], wanted: number, keep: readonly string[]): readonly string[] {
  const may = new Set(nodes);
  const here = keep.filter((node) => may.has(node)).slice(0, wanted);
  const others = nodes.filter((node) => !here.includes(node));
  const free = others.length > 0 ? others : nodes;
  return [
    ...here,
    ...Array.from({ length: wanted - here.length }, (_, index) => free[index % free.length] ?? ''),
  ].sort();
}

/** What stays, comes and goes between two lists of nodes, in which a node stands once for each instance. */
export interface Moves {
  readonly stay: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Compares two assignments. Linear. */
export function moves(from: readonly string[], to: readonly string[]): Moves {
  if (from === to || (from.length === to.length && from.every((node, index) => node === to[index])))
    return { stay: to, added: [], removed: [] };
  const held = countBy(from);
  const stay: string[] = [];
  const added: string[] = [];
  for (const node of to) {
    const count = held.get(node) ?? 0;
    if (count === 0) added.push(node);
    else {
      held.set(node, count - 1);
      stay.push(node);
    }
  }
  return { stay, added, removed: [...held].flatMap(([node, count]) => repeat(node, count)).sort() };
}

function rotated(nodes: readonly string[], name: string): readonly string[] {
  const start = nodes.length > 1 ? fnv(name) % nodes.length : 0;
  return start === 0 ? nodes : [...nodes.slice(start), ...nodes.slice(0, start)];
}

/** FNV-1a, 32 bits: spreads names well enough, and is the same everywhere. */
function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

function countBy(nodes: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(node, (counts.get(node) ?? 0) + 1);
  return counts;
}

function repeat(node: string, times: number): string[] {
  return Array.from({ length: times }, () => node);
}
