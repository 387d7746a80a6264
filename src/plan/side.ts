import {
  type ConfigBundle,
  type Desired,
  type Endpoint,
  keyOf,
  type Resource,
  type ResourceKey,
} from '../model/resource.ts';

/** A desired state, looked up by key: one of the two sides that a plan compares. */
export interface Side {
  readonly network: Desired['network'];
  readonly resources: ReadonlyMap<ResourceKey, Resource>;
  readonly bundles: ReadonlyMap<string, ConfigBundle>;
  /** Endpoints by the workload that answers, `service/component`, and by the balancer in front of it. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
}

/** Indexes a desired state; an empty side for null. */
export function sideOf(desired: Desired | null): Side {
  const resources = new Map<ResourceKey, Resource>();
  const bundles = new Map<string, ConfigBundle>();
  const endpoints = new Map<string, Endpoint[]>();
  for (const resource of desired?.resources ?? []) {
    resources.set(keyOf(resource), resource);
    if (resource.kind === 'config') bundles.set(resource.id, resource);
    if (resource.kind === 'endpoint') {
      for (const workload of [resource.workload, resource.balancer ?? resource.workload]) {
        const others = endpoints.get(workload);
        if (!others) endpoints.set(workload, [resource]);
        else if (!others.includes(resource)) others.push(resource);
      }
    }
  }
  return { network: desired?.network ?? 'host', resources, bundles, endpoints };
}

/** `service/component` of a workload, of which a node may have its own (`service/component@node`). */
export function baseOf(id: string): string {
  const at = id.indexOf('@');
  return at === -1 ? id : id.slice(0, at);
}

/** The key by which the graph of needs knows a change: a workload of which a node has its own is one. */
export function graphKeyOf(key: ResourceKey): ResourceKey {
  return key.startsWith('workload:') ? `workload:${baseOf(key.slice('workload:'.length))}` : key;
}
