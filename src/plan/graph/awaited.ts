import type { Desired, ResourceKey } from '../../model/resource.ts';
import { buildGraph, graphKey } from './build.ts';

/**
 * What is waited for before anything else can begin: tasks, and the workloads that tasks need (a database, an identity service). Keys are
 * those of the resources themselves.
 */
export function awaited(desired: Pick<Desired, 'resources'>): ReadonlySet<ResourceKey> {
  const { edges } = buildGraph(desired);
  const needed = new Set(edges.flatMap(({ from, to }) => (to.startsWith('task:') ? [from] : [])));
  return new Set(
    desired.resources.flatMap((one): ResourceKey[] => {
      const key = graphKey(one);
      return one.kind === 'task' || (key !== null && needed.has(key)) ? [`${one.kind}:${one.id}`] : [];
    }),
  );
}
