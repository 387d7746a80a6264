import {
  type Desired,
  keyOf,
  type Need,
  type Resource,
  type ResourceKey,
  runsByItself,
} from '../../model/resource.ts';
import { baseOf } from '../side.ts';
import { layersOf } from './layers.ts';
import type { Graph, GraphEdge, GraphNode, OpenNeed } from './types.ts';

/**
 * Who waits for whom: workloads and tasks, with needs resolved to the workload behind an endpoint and the process
 * behind an output; tasks that run only on occasion are left out. Never throws: needs that name nothing are `open`, and what stands in a circle, or waits for
 * one, is in the last layer.
 */
export function buildGraph(desired: Pick<Desired, 'resources'>): Graph {
  const known = new Map<ResourceKey, Omit<GraphNode, 'layer'>>();
  const behind = new Map<string, ResourceKey[]>();
  const resources = desired.resources.filter((one) => one.kind !== 'task' || runsByItself(one));
  for (const resource of resources) {
    if (resource.kind === 'endpoint') {
      const answering = [resource.workload, ...(resource.balancer === undefined ? [] : [resource.balancer])];
      behind.set(
        resource.id,
        answering.map((id): ResourceKey => `workload:${baseOf(id)}`),
      );
    }
    const key = graphKey(resource);
    if (!key || (resource.kind !== 'workload' && resource.kind !== 'task')) continue;
    known.set(key, { key, kind: resource.kind, id: baseOf(resource.id), service: resource.service });
  }
  const edges = new Map<string, GraphEdge>();
  const open = new Map<string, OpenNeed>();
  for (const resource of resources) {
    if (resource.kind !== 'workload' && resource.kind !== 'task') continue;
    const to = graphKey(resource) ?? keyOf(resource);
    for (const need of resource.needs) {
      const offering = offerers(need, behind, known);
      if (offering.length === 0) open.set(`${to} ${need.kind} ${offererOf(need)}`, { key: to, need });
      for (const from of offering) {
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

/** Those that meet a need: one, or two where a balancer stands in front. */
function offerers(
  need: Need,
  behind: ReadonlyMap<string, readonly ResourceKey[]>,
  known: ReadonlyMap<ResourceKey, unknown>,
): ResourceKey[] {
  const name = offererOf(need);
  if (need.kind === 'endpoint') return (behind.get(name) ?? []).filter((key) => known.has(key));
  const candidates: ResourceKey[] =
    need.kind === 'task'
      ? [`task:${name}`]
      : need.kind === 'component'
        ? [`workload:${name}`]
        : [`task:${name}`, `workload:${name}`];
  return candidates.filter((key) => known.has(key)).slice(0, 1);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
