import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { gone } from './destroy.ts';
import { label } from './names.ts';
import type { Manifest } from './render/scope.ts';
import { controllerKinds } from './shapes.ts';

/** A workload that is applied. */
export interface Applied {
  readonly deployment: string;
  readonly namespace: string;
  /** By the name of its objects. */
  readonly workload: string;
  /** All of its objects. */
  readonly objects: readonly Manifest[];
}

/** Removes what made its pods where another kind of object makes them now, and waits until they are gone: two must never share a volume. */
export async function removeFormerMaker(
  client: KubernetesClient,
  { deployment, namespace, workload, objects }: Applied,
): Promise<void> {
  const wanted = new Set(objects.map(({ kind }) => kind));
  for (const kind of controllerKinds.filter((one) => !wanted.has(one))) {
    const there = await client.get({ kind, namespace, name: workload });
    if (there?.metadata.labels?.[label.deployment] !== deployment) continue;
    await client.remove({ kind, namespace, name: workload });
    await gone(client, 'Pod', namespace, labelsOf(deployment, workload));
  }
}

/**
 * Removes what it had before and has no more: not its Service, which other workloads of its component have too; and of its files all but the last ones, since
 * pods that are being replaced may still start anew with those.
 */
export async function removeFormer(
  client: KubernetesClient,
  { deployment, namespace, workload, objects }: Applied,
): Promise<void> {
  const wanted = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  const age = ({ metadata }: ApiObject) => Date.parse(metadata.creationTimestamp ?? '');
  for (const kind of ['PodDisruptionBudget', 'NetworkPolicy', 'ConfigMap'] as const) {
    const labels = labelsOf(deployment, workload);
    const { items } = await client.list({ kind, namespace }, { labels, only: 'metadata' });
    const old = items
      .filter(({ metadata }) => !wanted.has(`${kind}/${metadata.name}`))
      .sort((a, b) => age(b) - age(a));
    await Promise.all(
      old
        .slice(kind === 'ConfigMap' ? 1 : 0)
        .map(({ metadata: { name } }) => client.remove({ kind, namespace, name })),
    );
  }
}

function labelsOf(deployment: string, workload: string): string {
  return `${label.deployment}=${deployment},${label.workload}=${workload}`;
}
