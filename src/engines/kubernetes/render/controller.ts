import type {
  V1DaemonSetSpec,
  V1DeploymentSpec,
  V1PodDisruptionBudgetSpec,
  V1StatefulSetSpec,
} from '@kubernetes/client-node';
import { hash } from '../../../compile/fingerprint.ts';
import type { Workload } from '../../../model/resource.ts';
import { annotation, objectName, short } from '../names.ts';
import { claimTemplates, isStateful } from './claims.ts';
import { pod } from './pod.ts';
import { policy } from './policy.ts';
import type { Manifest, RenderScope } from './scope.ts';
import { headlessName, services } from './service.ts';

export type ControllerObject = Manifest &
  (
    | { readonly kind: 'Deployment'; readonly spec: V1DeploymentSpec }
    | { readonly kind: 'StatefulSet'; readonly spec: V1StatefulSetSpec }
    | { readonly kind: 'DaemonSet'; readonly spec: V1DaemonSetSpec }
  );

export interface BudgetObject extends Manifest {
  readonly spec: V1PodDisruptionBudgetSpec;
}

/** How many old ReplicaSets and revisions a controller keeps. Going back is Kollage's, from its own revisions. */
const revisionHistoryLimit = 2;

/**
 * A workload: what makes its pods, its Service, and how many of them may be away at a time. `renewed`: what its pods carry beyond what they are applied
 * as, so that they are made anew when it changes.
 */
export function workloadObjects(scope: RenderScope, workload: Workload, renewed?: string): Manifest[] {
  return [
    ...pod(scope, workload).objects,
    ...[
      ...services(scope, workload, isStateful(scope, workload)),
      ...budget(scope, workload),
      ...policy(scope, workload),
    ].map(marked),
    renewing(marked(controller(scope, workload)), renewed),
  ];
}

function renewing(object: ControllerObject, renewed: string | undefined): ControllerObject {
  const { template } = object.spec;
  if (renewed !== undefined)
    template.metadata = {
      ...template.metadata,
      annotations: { ...template.metadata?.annotations, [annotation.filled]: renewed },
    };
  return object;
}

/** An object that says what it was applied as. */
function marked<T extends Manifest & { readonly spec: unknown }>(object: T): T {
  const annotations = { ...object.metadata.annotations, [annotation.spec]: short(hash(object.spec)) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** What makes the pods of a workload. */
export function controller(scope: RenderScope, workload: Workload): ControllerObject {
  const { template } = pod(scope, workload);
  const stateful = isStateful(scope, workload);
  const apiVersion = 'apps/v1';
  const metadata = scope.head(objectName(workload.id), workload);
  const common = { selector: { matchLabels: scope.selector(workload) }, revisionHistoryLimit, template };
  const { scale, update } = workload;
  if (!('replicas' in scale)) {
    const maxUnavailable = update.strategy === 'recreate' ? '100%' : Math.max(1, update.maxUnavailable);
    const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge: 0 } };
    const spec = { ...common, updateStrategy };
    if (!scope.hasNodes) return { apiVersion, kind: 'DaemonSet', metadata, spec };
    // A node that gets the role changes nothing else of the object, and the cluster takes a moment to see it.
    const annotations = {
      ...metadata.annotations,
      [annotation.nodes]: String(workload.placement.nodes.length),
    };
    return { apiVersion, kind: 'DaemonSet', metadata: { ...metadata, annotations }, spec };
  }
  const { replicas } = scale;
  if (stateful) {
    const templates = claimTemplates(scope, workload);
    const spec = {
      ...common,
      ...(templates.length > 0 && { volumeClaimTemplates: templates }),
      replicas,
      serviceName: headlessName(workload),
      podManagementPolicy: 'Parallel',
      // Said, and not left to the default: else a pod that is made again while others are exchanged would be one of before.
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    };
    return { apiVersion, kind: 'StatefulSet', metadata, spec };
  }
  return {
    apiVersion,
    kind: 'Deployment',
    metadata,
    spec: {
      ...common,
      replicas,
      strategy: strategy(workload),
    },
  };
}

/** The new pod comes up beside the old one where it may: not where both would hold a volume, or a port of the node. */
function strategy(workload: Workload): NonNullable<V1DeploymentSpec['strategy']> {
  const { update, privileges } = workload;
  if (update.strategy === 'recreate') return { type: 'Recreate' };
  // Ties bring both to one node, where a volume of one node can be mounted by both; a port of the node's cannot.
  const beside = !privileges.hostNetwork && (update.strategy === 'blue-green' || update.surge > 0);
  const maxSurge = beside ? Math.max(1, update.surge) : 0;
  const isGentle = update.strategy === 'blue-green' && beside;
  const maxUnavailable = isGentle ? 0 : Math.max(maxSurge > 0 ? 0 : 1, update.maxUnavailable);
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
}

/** With one instance there is nothing to spare, and a budget would only stand against draining its node. */
function budget(scope: RenderScope, workload: Workload): BudgetObject[] {
  if (!('replicas' in workload.scale) || workload.scale.replicas < 2) return [];
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: scope.head(objectName(workload.id), workload),
      spec: {
        selector: { matchLabels: scope.selector(workload) },
        maxUnavailable: Math.max(1, Math.min(workload.update.maxUnavailable, workload.scale.replicas - 1)),
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
  ];
}
