import type { ResourceKey } from '../../model/resource.ts';
import type { Graph } from './types.ts';

/**
 * Circles of processes that wait for each other, each as the keys in which every one waits for the next, and the
 * last for the first. From each knot of circles as many as name all of its processes that are in one; the shortest
 * through the first by key.
 */
export function circles({ nodes, edges }: Graph): ResourceKey[][] {
  const lowest = nodes.at(-1)?.layer;
  const suspects = new Set(nodes.filter((node) => node.layer === lowest).map((node) => node.key));
  const waitsFor = new Map<ResourceKey, ResourceKey[]>();
  for (const { from, to } of edges) {
    if (!suspects.has(from) || !suspects.has(to)) continue;
    const others = waitsFor.get(to);
    if (others) others.push(from);
    else waitsFor.set(to, [from]);
  }
  const named = new Set<ResourceKey>();
  const found: ResourceKey[][] = [];
  for (const key of [...waitsFor.keys()].sort()) {
    if (named.has(key)) continue;
    const circle = shortest(key, waitsFor);
    if (!circle) continue;
    for (const member of circle) named.add(member);
    found.push(circle);
  }
  return found;
}

/** The shortest way from a process back to itself, by breadth-first search. */
function shortest(
  start: ResourceKey,
  waitsFor: ReadonlyMap<ResourceKey, readonly ResourceKey[]>,
): ResourceKey[] | null {
  const reachedBy = new Map<ResourceKey, ResourceKey>();
  let frontier: readonly ResourceKey[] = [start];
  while (frontier.length > 0) {
    const next: ResourceKey[] = [];
    for (const key of frontier) {
      for (const to of waitsFor.get(key) ?? []) {
        if (to === start) return wayTo(key, start, reachedBy);
        if (reachedBy.has(to)) continue;
        reachedBy.set(to, key);
        next.push(to);
      }
    }
    frontier = next;
  }
  return null;
}

function wayTo(
  end: ResourceKey,
  start: ResourceKey,
  reachedBy: ReadonlyMap<ResourceKey, ResourceKey>,
): ResourceKey[] {
  const way: ResourceKey[] = [];
  for (let key: ResourceKey | undefined = end; key !== undefined && key !== start; key = reachedBy.get(key))
    way.unshift(key);
  return [start, ...way];
}
