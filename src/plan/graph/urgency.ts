import type { Desired, ResourceKey } from '../../model/resource.ts';
import { buildGraph, graphKey } from './build.ts';
import { layersOf } from './layers.ts';

/**
 * How much each workload and task holds up: the number of processes, one after the other, that wait for it in the longest such row. Where
 * processors are short, who holds up more goes first (list scheduling: the longest way left decides). Keys are those of the resources.
 */
export function urgency(desired: Pick<Desired, 'resources'>): ReadonlyMap<ResourceKey, number> {
  const { nodes, edges } = buildGraph(desired);
  const keys = nodes.map(({ key }) => key);
  const known = new Set(keys);
  const awaited = desired.resources.flatMap((one) =>
    one.kind !== 'task'
      ? []
      : (one.awaits ?? []).map((id) => ({ from: `workload:${id}` as const, to: `task:${one.id}` as const })),
  );
  const both = [...edges, ...awaited.filter(({ from, to }) => known.has(from) && known.has(to))];
  const rows = layersOf(
    keys,
    both.map(({ from, to }) => ({ from: to, to: from })),
  );
  return new Map(
    desired.resources.flatMap((one) => {
      const row = rows.get(graphKey(one) ?? `${one.kind}:${one.id}`);
      return row === undefined ? [] : [[`${one.kind}:${one.id}`, row] as const];
    }),
  );
}
