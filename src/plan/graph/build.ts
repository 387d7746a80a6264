import { type Desired, keyOf, type Need, type Resource, type ResourceKey } from '../../model/resource.ts';
import { baseOf } from '../side.ts';
import { layersOf } from './layers.ts';
import type { Graph, GraphEdge, GraphNode, OpenNeed } from './types.ts';

/**
 * Who waits for whom: workloads and tasks, with needs resolved to the workload behind an endpoint and the process
 * behind an output. Never throws: needs that name nothing are `open`, and what stands in a circle, or waits for
 * one, is in the last layer.
 */
export function buildGraph(desired: Pick<Desired, 'resources'>): Graph {
  const known = new Map<ResourceKey, Omit<GraphNode, 'layer'>>();
  const behind = new Map<string, ResourceKey>();
  for (const resource of desired.resources) {
    if (resource.kind === 'endpoint') behind.set(resource.id, `workload:${baseOf(resource.workload)}`);
    const key = graphKey(resource);
    if (!key || (resource.kind !== 'workload' && resource.kind !== 'task')) continue;
    known.set(key, { key, kind: resource.kind, id: baseOf(resource.id), service: resource.service });
  }
  const edges = new Map<string, GraphEdge>();
  const open = new Map<string, OpenNeed>();
  for (const resource of desired.resources) {
    if (resource.kind !== 'workload' && resource.kind !== 'task') continue;
    const to = graphKey(resource) ?? keyOf(resource);
    for (const need of resource.needs) {
      const from = target(need, behind, known);
      if (!from) open.set(`${to} ${need.kind} ${offererOf(need)}`, { key: to, need });
      else {
        const onNode = 'on' in need && need.on === 'node';
        const known = edges.get(`${from} ${to}`);
        if (!known || (onNode && !known.onNode))
          edges.set(`${from} ${to}`, { from, to, need: need.kind, onNode });
      }
    }
  }
  const sorted = [...edges.values()].sort((a, b) => compare(a.from, b.from) || compare(a.to, b.to));
  const layers = layersOf([...known.keys()], sorted);
  const nodes = [...known.values()]
    .map((node) => ({ ...node, layer: layers.get(node.key) ?? 0 }))
    .sort((a, b) => a.layer - b.layer || compare(a.key, b.key));
  return { nodes, edges: sorted, open: [...open.values()] };
}

/** The graph's node for a resource; null for what runs nothing. */
export function graphKey(resource: Resource): ResourceKey | null {
  if (resource.kind === 'task') return keyOf(resource);
  return resource.kind === 'workload' ? `workload:${baseOf(resource.id)}` : null;
}

/** What a need names. */
export function offererOf(need: Need): string {
  switch (need.kind) {
    case 'endpoint':
      return need.endpoint;
    case 'component':
      return need.component;
    case 'task':
      return need.task;
    case 'output':
      return need.output;
  }
}

function target(
  need: Need,
  behind: ReadonlyMap<string, ResourceKey>,
  known: ReadonlyMap<ResourceKey, unknown>,
): ResourceKey | undefined {
  const name = offererOf(need);
  const candidates: (ResourceKey | undefined)[] =
    need.kind === 'endpoint'
      ? [behind.get(name)]
      : need.kind === 'task'
        ? [`task:${name}`]
        : need.kind === 'component'
          ? [`workload:${name}`]
          : [`task:${name}`, `workload:${name}`];
  return candidates.find((key) => key !== undefined && known.has(key));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
