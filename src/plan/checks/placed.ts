import type { Observed } from '../../model/plan.ts';
import type { Desired, Workload } from '../../model/resource.ts';
import { assign } from '../instances.ts';
import { nodesText } from '../reasons/nodes.ts';

export interface CheckInput {
  readonly desired: Desired;
  /** What was carried out last: its instances stay where they are, and its ports are ours. */
  readonly last: Desired | null;
  readonly observed: Observed;
}

/** A workload with the nodes of its instances, a node as often as it holds one. */
export interface Placed {
  readonly workload: Workload;
  readonly nodes: readonly string[];
}

/** Where the instances of every workload will be. Linear in instances. */
export function placed({ desired, last, observed }: CheckInput): Placed[] {
  const here = new Map<string, string[]>();
  for (const { workload, node } of observed.instances ?? []) {
    const others = here.get(workload);
    if (others) others.push(node);
    else here.set(workload, [node]);
  }
  const before = new Map(workloadsOf(last).map((workload) => [workload.id, workload]));
  return workloadsOf(desired).map((workload) => {
    const was = before.get(workload.id);
    const keep = here.get(workload.id) ?? (observed.instances || !was ? [] : assign(was));
    return { workload, nodes: assign(workload, keep) };
  });
}

export function workloadsOf(desired: Desired | null): Workload[] {
  return (desired?.resources ?? []).filter((resource) => resource.kind === 'workload');
}

/** The nodes that both are on. Linear. */
export function common(a: Placed, b: Placed): string[] {
  const nodes = new Set(a.nodes);
  return [...new Set(b.nodes)].filter((node) => nodes.has(node));
}

/** ` on NODE` for a message; nothing where the deployment has but one node. */
export function onNodes(desired: Desired, nodes: readonly string[]): string {
  return desired.nodes.length === 1 ? '' : ` on ${nodesText(nodes)}`;
}

/** Pairs of a list. Quadratic: for the few that have something in common. */
export function pairs<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((a, index) => list.slice(index + 1).map((b): [T, T] => [a, b]));
}
