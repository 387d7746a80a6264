import type { V1PodAffinityTerm } from '@kubernetes/client-node';
import type { Process, Task, Workload } from '../../../model/resource.ts';
import { objectName } from '../names.ts';
import { isOfOneNode, isShared, mountedBy, ownerOf, ownVolumes } from './claims.ts';
import type { RenderScope } from './scope.ts';
import { componentOf } from './service.ts';

const tie = (id: string) => `volume.kollage.dev/${objectName(id)}`;

/** The number of a pod of a StatefulSet, as Kubernetes labels it. */
const podIndex = 'apps.kubernetes.io/pod-index';

/** How a pod comes to the node of those that mount the same volume of one node. */
export interface Ties {
  readonly labels: { [key: string]: string };
  readonly affinity: V1PodAffinityTerm[];
}

/**
 * Pods that mount a volume which can be on one node at a time run on one node. All pods are made at once, so without this one that only waits could hold
 * the volume elsewhere. A task that works on a volume of which each pod of a workload has its own goes where the first of these is. Where it needs that
 * one to run it waits until a node was found for it; else it is enough for itself, since nothing else may run.
 */
export function ties(
  scope: RenderScope,
  process: Pick<Workload, 'kind' | 'mounts'> | Pick<Task, 'kind' | 'mounts' | 'needs'>,
): Ties {
  const shared = sharedTies(scope, process);
  const own = ownVolumes(scope, process);
  if (process.kind === 'workload')
    return { labels: marks([...shared, ...own.map(({ id }) => tie(id))]), affinity: shared.map(together) };
  const alone = own.filter(({ id }) => !needsOwner(scope, process, id));
  return {
    labels: {
      ...marks([...shared, ...alone.map(({ id }) => tie(id))]),
      ...(alone.length > 0 && { [podIndex]: '0' }),
    },
    affinity: [
      ...shared.map(together),
      ...own.map(({ id }) => ({
        labelSelector: { matchLabels: { [tie(id)]: 'true', [podIndex]: '0' } },
        topologyKey,
      })),
    ],
  };
}

const topologyKey = 'kubernetes.io/hostname';

function together(key: string): V1PodAffinityTerm {
  return { labelSelector: { matchLabels: { [key]: 'true' } }, topologyKey };
}

function marks(keys: readonly string[]): { [key: string]: string } {
  return Object.fromEntries(keys.map((key) => [key, 'true']));
}

/** Volumes of the deployment that this process shares with others, and that one node at a time can mount. */
function sharedTies(scope: RenderScope, process: Pick<Process, 'mounts'>): string[] {
  const users = (id: string) =>
    [...scope.workloads, ...scope.tasks].filter((other) => mountedBy(other, id)).length;
  return [...scope.volumes.values()]
    .filter((volume) => mountedBy(process, volume.id) && isOfOneNode(scope, volume))
    .filter((volume) => users(volume.id) > 1 || isShared(scope, volume))
    .map(({ id }) => tie(id));
}

function needsOwner(scope: RenderScope, { needs }: Pick<Task, 'needs'>, volume: string): boolean {
  const owner = ownerOf(scope, { id: volume });
  if (!owner) return false;
  return needs.some((need) =>
    need.kind === 'endpoint'
      ? scope.endpoints.get(need.endpoint)?.workload === componentOf(owner)
      : need.kind === 'component' && need.component === componentOf(owner),
  );
}
