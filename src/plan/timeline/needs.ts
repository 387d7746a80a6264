import type { Desired, ResourceKey } from '../../model/resource.ts';
import { buildGraph } from '../graph/build.ts';
import { baseOf } from '../side.ts';

/** Who waits for whom. Keys are those of the graph: a workload of which a node has its own (`@node`) is one. */
export interface Needs {
  readonly of: ReadonlyMap<string, readonly ResourceKey[]>;
  /** Who offers what the start program reports under a name: an endpoint, a component, a task, or `ID:KEY`, an output. */
  readonly named: ReadonlyMap<string, ResourceKey>;
}

/** The needs of everything that runs in a desired state. */
export function needsOf(desired: Pick<Desired, 'resources'>): Needs {
  const of = new Map<ResourceKey, ResourceKey[]>();
  for (const { from, to } of buildGraph(desired).edges) {
    const others = of.get(to);
    if (others) others.push(from);
    else of.set(to, [from]);
  }
  const named = new Map<string, ResourceKey>();
  for (const resource of desired.resources) {
    if (resource.kind === 'endpoint') named.set(resource.id, `workload:${baseOf(resource.workload)}`);
  }
  for (const resource of desired.resources) {
    if (resource.kind !== 'workload' && resource.kind !== 'task') continue;
    const id = baseOf(resource.id);
    const key: ResourceKey = `${resource.kind}:${id}`;
    named.set(id, key);
    for (const output of Object.keys(resource.outputs)) named.set(`${id}:${output}`, key);
  }
  return { of, named };
}
