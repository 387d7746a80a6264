import { annotation } from './names.ts';
import { type ControllerShape, holding, type PodShape } from './shapes.ts';

/** What tells one attempt at a workload from others. */
export function attemptOf({ metadata: { uid, generation, annotations } }: ControllerShape): string {
  return [uid, generation, annotations[annotation.nodes] ?? 'any'].join('/');
}

/** Whether all pods of a workload are those that it wants now, and ready. */
export function isSettled({ kind, metadata, spec, status }: ControllerShape): boolean {
  if (status.observedGeneration < metadata.generation) return false;
  if (kind === 'DaemonSet') {
    const { desiredNumberScheduled: wanted } = status;
    const { [annotation.nodes]: nodes = String(wanted) } = metadata.annotations;
    return (
      wanted === Number(nodes) &&
      status.updatedNumberScheduled === wanted &&
      status.numberAvailable === wanted &&
      status.numberMisscheduled === 0
    );
  }
  const { replicas: wanted = 1 } = spec;
  if (kind === 'StatefulSet' && status.updateRevision !== status.currentRevision) {
    return status.updatedReplicas === wanted && status.readyReplicas === wanted && status.replicas === wanted;
  }
  const ready = kind === 'StatefulSet' ? status.readyReplicas : status.availableReplicas;
  const updated = kind === 'StatefulSet' || status.updatedReplicas === wanted;
  return updated && ready === wanted && status.replicas === wanted;
}

/** Why a pod does not come up: what is known of it, and whether waiting does not help. */
export interface Trouble {
  readonly why: string;
  readonly fatal: boolean;
}

/** Reasons of a container that waits, for which nobody but a person can do something. */
const fatal = new Set(['ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName']);
const passing = new Set([
  'ErrImagePull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** What stands against a pod, in the words of the cluster; null where it only takes its time. */
export function troubleOf({ metadata, status }: PodShape): Trouble | null {
  if (metadata.deletionTimestamp !== undefined) return null;
  const unscheduled = status.conditions.find(
    ({ type, status, reason }) => type === 'PodScheduled' && status === 'False' && reason === 'Unschedulable',
  );
  if (unscheduled) return { why: `no node can take it: ${unscheduled.message ?? ''}`, fatal: false };
  for (const { state } of [...status.initContainerStatuses, ...status.containerStatuses]) {
    const { reason = '', message = '' } = state.waiting ?? {};
    if (fatal.has(reason) || passing.has(reason)) {
      const what = /Image/.test(reason) ? `its image cannot be pulled (${reason})` : reason;
      return { why: `${what}: ${message}`, fatal: fatal.has(reason) };
    }
  }
  return null;
}

/** Why a pod is not ready; null when it is. */
export function whyNotReady(pod: PodShape): string | null {
  const { status, metadata } = pod;
  if (metadata.deletionTimestamp !== undefined) return whyRemoved(pod);
  if (holding(status.conditions, 'Ready')) return null;
  const trouble = troubleOf(pod) ?? awayOf(pod);
  if (trouble) return trouble.why;
  if (status.phase === 'Pending') {
    const waits = status.initContainerStatuses.some(({ state }) => state.running);
    return waits ? 'it waits for what it needs' : 'its pod is being started';
  }
  const [main] = status.containerStatuses;
  const ended = main?.state.terminated ?? (main?.state.waiting ? main.lastState.terminated : undefined);
  if (ended) return `its process ended with ${ended.exitCode}`;
  return main?.started ? 'it does not answer its health check' : 'it has not answered its health check yet';
}

/**
 * What is said of a pod whose node has not been heard for a while: null of any other. The cluster takes its readiness from it, and nothing else, since nobody
 * there tells what became of its containers (kubernetes/kubernetes, node_lifecycle_controller.go: MarkPodsNotReady).
 */
export function awayOf(pod: PodShape): { readonly why: string } | null {
  const { status, spec, metadata } = pod;
  if (metadata.deletionTimestamp !== undefined) return isLost(pod) ? { why: whyRemoved(pod) } : null;
  if (holding(status.conditions, 'Ready') || !holding(status.conditions, 'ContainersReady')) return null;
  return { why: `its node ${spec.nodeName ?? ''} does not answer: whether it runs there still is not known` };
}

function isLost({ status }: PodShape): boolean {
  return holding(status.conditions, 'DisruptionTarget')?.reason === 'DeletionByTaintManager';
}

/** One whose node is lost may run on there for all that is known, so the cluster waits with another of its name until somebody says that it does not. */
function whyRemoved(pod: PodShape): string {
  const { nodeName = '' } = pod.spec;
  return isLost(pod)
    ? `its node ${nodeName} is lost, and it may still run there; when that is off for sure, \`kubectl taint node ${nodeName} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute\` lets it start elsewhere`
    : 'it is being removed';
}

/** Whether a pod that runs once has ended: its containers tell so before its phase does. */
export function hasEnded({ status }: PodShape): boolean {
  if (status.phase === 'Failed' || status.phase === 'Succeeded') return true;
  const before = status.initContainerStatuses.some(({ state }) => (state.terminated?.exitCode ?? 0) !== 0);
  return before || status.containerStatuses.some(({ state }) => state.terminated !== undefined);
}

/** The state of an instance, as a plan sees it. */
export function stateOf(pod: PodShape): 'running' | 'starting' | 'stopped' {
  if (pod.metadata.deletionTimestamp !== undefined) return 'starting';
  if (holding(pod.status.conditions, 'Ready')) return 'running';
  return pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded' ? 'stopped' : 'starting';
}

export function fingerprintOf({ metadata }: PodShape): string {
  return metadata.annotations[annotation.fingerprint] ?? '';
}

/** When the process of a pod began; nothing where it has not. */
export function since({ status }: PodShape): { readonly since?: number } {
  const at = Date.parse(status.containerStatuses[0]?.state.running?.startedAt ?? '');
  return at > 0 ? { since: at } : {};
}
