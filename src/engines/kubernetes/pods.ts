import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { KollageError } from '../../model/error.ts';
import type { WholeInstance } from '../engine.ts';
import { annotation, label, objectName } from './names.ts';
import { whyNotReady } from './rollout.ts';
import { holding, type PodShape, podShape } from './shapes.ts';

/** The pods of a deployment, or of one of its workloads or tasks. */
export async function podsOf(
  client: KubernetesClient,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): Promise<PodShape[]> {
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const items = await client.look({ kind: 'Pod', namespace }, { labels: selector.join(',') });
  return items.map(shapeOf);
}

/** What is looked at again and again is the same object until something happens to it. */
const shapes = new WeakMap<ApiObject, PodShape>();

function shapeOf(item: ApiObject): PodShape {
  const shape = shapes.get(item) ?? podShape.parse(item);
  shapes.set(item, shape);
  return shape;
}

/**
 * The pod that is meant by the name of an instance: a pod's own, or that of its workload or task; of several one that is ready, else the newest. KLG-502
 * where there is none.
 */
export async function podOf(
  client: KubernetesClient,
  namespace: string,
  deployment: string,
  instance: string,
): Promise<PodShape> {
  const own = await client.get({ kind: 'Pod', namespace, name: instance });
  if (own?.metadata.labels?.[label.deployment] === deployment) return podShape.parse(own);
  for (const key of [label.workload, label.task]) {
    const found = await podsOf(client, namespace, { [label.deployment]: deployment, [key]: instance });
    const best = bestOf(found);
    if (best) return best;
  }
  throw new KollageError({ code: 'KLG-502', message: `there is no pod of ${instance}` });
}

/** The pods of a workload, or of all, as whoever asks for their health sees them. */
export async function wholeInstances(
  client: KubernetesClient,
  namespace: string,
  deployment: string,
  workload: string | null,
): Promise<WholeInstance[]> {
  const pods = await podsOf(client, namespace, {
    [label.deployment]: deployment,
    ...(workload !== null && { [label.workload]: objectName(workload) }),
  });
  return pods.flatMap((pod) => {
    const { name, annotations, deletionTimestamp } = pod.metadata;
    const [, of] = (annotations[annotation.key] ?? '').split(/^workload:/);
    if (of === undefined) return [];
    const going = deletionTimestamp !== undefined;
    return [{ name, workload: of, node: pod.spec.nodeName ?? null, why: whyNotReady(pod), going }];
  });
}

/** Of several pods one that is ready, else the newest; those that are being removed last. */
export function bestOf(pods: readonly PodShape[]): PodShape | undefined {
  return pods.toSorted(
    (a, b) => rank(b) - rank(a) || (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1),
  )[0];
}

function rank({ metadata, status }: PodShape): number {
  if (metadata.deletionTimestamp !== undefined) return -1;
  return holding(status.conditions, 'Ready') ? 1 : 0;
}

/** The container of the process, and those before it. */
export function containersOf({ spec }: PodShape): {
  readonly main: string;
  readonly before: readonly string[];
} {
  return { main: spec.containers[0]?.name ?? '', before: spec.initContainers.map(({ name }) => name) };
}
