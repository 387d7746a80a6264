import type { V1PodAffinityTerm } from '@kubernetes/client-node';
import type { Mount, Process, Task, Volume, Workload } from '../../../model/resource.ts';
import { objectName } from '../names.ts';
import { isOfOneNode, isShared, mountedBy, ownerOf } from './claims.ts';
import type { RenderScope } from './scope.ts';
import { componentOf } from './service.ts';

/** The number of a pod of a StatefulSet, as Kubernetes labels it. */
const podIndex = 'apps.kubernetes.io/pod-index';
const first = { [podIndex]: '0' };

/** How a pod comes to the node of those that mount the same volumes of one node. */
export interface Ties {
  readonly labels: { [key: string]: string };
  readonly affinity: V1PodAffinityTerm[];
}

const free: Ties = { labels: {}, affinity: [] };

/**
 * Pods that mount a volume which can be on one node at a time run on one node; so do those of volumes that are mounted together anywhere, or such a pod would find no
 * node at all. All pods are made at once, so without this one that only waits could hold the volume elsewhere. Each pod has one such term at most: of several that
 * no other pod meets yet, Kubernetes takes none for granted (pkg/scheduler, interpodaffinity/filtering.go: satisfyPodAffinity).
 *
 * A task that works on a volume of which each pod of a workload has its own goes where the first of these is. Where it needs that one to run it waits until a node
 * was found for it; else it is enough for itself, since nothing else may run.
 */
export function ties(
  scope: RenderScope,
  process: Pick<Workload, 'kind' | 'id' | 'mounts'> | Pick<Task, 'kind' | 'mounts' | 'needs'>,
): Ties {
  const group = tiedBy(scope, process);
  if (!group) return free;
  const mark = { [`volume.kollage.dev/${objectName(group.name)}`]: 'true' };
  const isOwner = process.kind === 'workload' && group.owners.some(({ id }) => id === process.id);
  if (group.owners.length > 0 && !isOwner) {
    const alone = process.kind === 'task' && !group.owners.some((owner) => isNeeded(scope, process, owner));
    return { labels: alone ? { ...mark, ...first } : {}, affinity: [together({ ...mark, ...first })] };
  }
  const shares = group.volumes.some(({ id, each }) => each === 'deployment' && mountedBy(process, id));
  if (!isOwner && !group.isShared) return free;
  return { labels: mark, affinity: shares ? [together(mark)] : [] };
}

/** The volumes of one node that are tied to these mounts, those that are mounted already left out. */
export function besides(scope: RenderScope, mounts: readonly Mount[]): Volume[] {
  const { volumes = [] } = tiedBy(scope, { mounts }) ?? {};
  return volumes.filter(({ id }) => !mountedBy({ mounts }, id));
}

/** Volumes that are on one node, all of them on the same. */
interface Group {
  /** Of one that the pods of a workload each have, where there is such a one, for these are labelled for good. */
  readonly name: string;
  readonly volumes: readonly Volume[];
  /** The workloads whose pods each have one of their own. */
  readonly owners: readonly Workload[];
  /** Several processes mount some of them, or one of several pods does. */
  readonly isShared: boolean;
}

function together(matchLabels: { [key: string]: string }): V1PodAffinityTerm {
  return { labelSelector: { matchLabels }, topologyKey: 'kubernetes.io/hostname' };
}

function tiedBy(scope: RenderScope, process: Pick<Process, 'mounts'>): Group | undefined {
  return groupsOf(scope).find(({ volumes }) => volumes.some(({ id }) => mountedBy(process, id)));
}

const known = new WeakMap<RenderScope, readonly Group[]>();

function groupsOf(scope: RenderScope): readonly Group[] {
  const there = known.get(scope) ?? makeGroups(scope);
  known.set(scope, there);
  return there;
}

function makeGroups(scope: RenderScope): readonly Group[] {
  const processes = [...scope.workloads, ...scope.tasks];
  const tied = [...scope.volumes.values()].filter(
    (volume) => volume.each === 'instance' || isOfOneNode(scope, volume),
  );
  let groups = tied.map((volume) => [volume]);
  for (const process of processes) {
    const isMounted = (volumes: readonly Volume[]) => volumes.some(({ id }) => mountedBy(process, id));
    const joined = groups.filter(isMounted).flat();
    groups = [...(joined.length > 0 ? [joined] : []), ...groups.filter((one) => !isMounted(one))];
  }
  return groups.map((volumes) => {
    const own = volumes.filter(({ each }) => each === 'instance');
    const users = processes.filter((process) => volumes.some(({ id }) => mountedBy(process, id)));
    return {
      name: (own[0] ?? volumes[0])?.id ?? '',
      volumes,
      owners: [...new Set(own.flatMap((volume) => ownerOf(scope, volume) ?? []))],
      isShared: users.length > 1 || volumes.some((volume) => isShared(scope, volume)),
    };
  });
}

function isNeeded(scope: RenderScope, { needs }: Pick<Task, 'needs'>, owner: Workload): boolean {
  return needs.some((need) =>
    need.kind === 'endpoint'
      ? scope.endpoints.get(need.endpoint)?.workload === componentOf(owner)
      : need.kind === 'component' && need.component === componentOf(owner),
  );
}
