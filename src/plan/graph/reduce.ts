import type { ResourceKey } from '../../model/resource.ts';
import type { Graph, GraphEdge } from './types.ts';

/**
 * The edges that do not follow from others (the transitive reduction): who waits for b, which waits for a, waits
 * for a anyway. Edges of a circle all stay, and those that ask for one on the same node, which nothing else says.
 * Quadratic in nodes at worst, for a graph that is to be looked at.
 */
export function reduced({ nodes, edges }: Graph): readonly GraphEdge[] {
  const layer = new Map(nodes.map((node) => [node.key, node.layer]));
  const incoming = new Map<ResourceKey, ResourceKey[]>();
  for (const { from, to } of edges) {
    const others = incoming.get(to);
    if (others) others.push(from);
    else incoming.set(to, [from]);
  }
  // Nodes come in layers, so what a node waits for is known before it. In a circle nothing is, and so nothing is left out.
  const before = new Map<ResourceKey, ReadonlySet<ResourceKey>>();
  for (const { key } of nodes) {
    const all = new Set<ResourceKey>();
    for (const from of incoming.get(key) ?? []) {
      if ((layer.get(from) ?? 0) >= (layer.get(key) ?? 0)) continue;
      all.add(from);
      for (const further of before.get(from) ?? []) all.add(further);
    }
    before.set(key, all);
  }
  return edges.filter(
    ({ from, to, onNode }) =>
      onNode || !(incoming.get(to) ?? []).some((other) => other !== from && before.get(other)?.has(from)),
  );
}

/** Edges by the node that waits. */
export function needsByNode(edges: readonly GraphEdge[]): ReadonlyMap<ResourceKey, readonly GraphEdge[]> {
  return Map.groupBy(edges, (edge) => edge.to);
}
