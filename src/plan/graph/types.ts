import type { Need, ResourceKey } from '../../model/resource.ts';

/**
 * A workload or task. A workload of which some nodes have their own (`service/component@node`) is one node of the
 * graph.
 */
export interface GraphNode {
  readonly key: ResourceKey;
  readonly kind: 'workload' | 'task';
  /** `service/component` or `service/task`. */
  readonly id: string;
  readonly service: string;
  /** The longest way from what needs nothing, from 0. */
  readonly layer: number;
}

/** `to` waits for `from`: the arrow has the direction of time. */
export interface GraphEdge {
  readonly from: ResourceKey;
  readonly to: ResourceKey;
  readonly need: Need['kind'];
  /** Whether `to` needs the one on its own node. */
  readonly onNode: boolean;
}

/** A need that nothing offers. */
export interface OpenNeed {
  readonly key: ResourceKey;
  readonly need: Need;
}

export interface Graph {
  /** By layer, then key. */
  readonly nodes: readonly GraphNode[];
  /** Each pair once, sorted. */
  readonly edges: readonly GraphEdge[];
  readonly open: readonly OpenNeed[];
}
