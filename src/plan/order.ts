import type { Change } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { buildGraph } from './graph/build.ts';
import { graphKeyOf } from './side.ts';

/**
 * Sorts changes into the order in which they can begin: what runs nothing first, then by how long the way of needs
 * to a process is, then by key. Deletions come last, in reverse, so that nothing loses what it still needs.
 */
export function inOrder(changes: readonly Change[], desired: Desired, last: Desired | null): Change[] {
  const coming = layers(desired);
  const going = last && changes.some((change) => change.action === 'delete') ? layers(last) : coming;
  const place = (change: Change) => {
    const key = graphKeyOf(change.key);
    return change.action === 'delete' ? (going.get(key) ?? -1) : (coming.get(key) ?? -1);
  };
  return changes
    .map((change) => ({ change, deletes: change.action === 'delete', layer: place(change) }))
    .sort((a, b) => {
      if (a.deletes !== b.deletes) return a.deletes ? 1 : -1;
      const forward = a.layer - b.layer || (a.change.key < b.change.key ? -1 : 1);
      return a.deletes ? -forward : forward;
    })
    .map(({ change }) => change);
}

function layers(desired: Desired): ReadonlyMap<string, number> {
  return new Map(buildGraph(desired).nodes.map((node) => [node.key, node.layer]));
}
