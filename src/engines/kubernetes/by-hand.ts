import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import type { Drift } from '../../model/plan.ts';
import { drift } from '../drift.ts';
import { annotation, label } from './names.ts';
import { workloadObjects } from './render/controller.ts';
import { secretName } from './render/files.ts';
import type { Manifest, RenderScope } from './render/scope.ts';
import { controllerShape } from './shapes.ts';

/** What of a workload's objects beside the one that makes its pods can be changed, and is put right without touching a pod. */
const changeable = ['Service', 'PodDisruptionBudget', 'NetworkPolicy'] as const;
/** What nobody can change, for it is immutable, but take away: a pod that starts again would not find it. */
const removable = ['ConfigMap', 'Secret'] as const;

/** What there is of a deployment beside its pods and what makes them, by `Kind/name`. */
export type Beside = ReadonlyMap<string, ApiObject>;

export async function besideOf(
  client: KubernetesClient,
  namespace: string,
  deployment: string,
): Promise<Beside> {
  const labels = `${label.deployment}=${deployment}`;
  const all = [
    ...changeable.map((kind) => ({ kind, selection: { labels } })),
    ...removable.map((kind) => ({ kind, selection: { labels, only: 'metadata' as const } })),
  ];
  const lists = await Promise.all(
    all.map(async ({ kind, selection }) => {
      const found = await client.look({ kind, namespace }, selection);
      // What is watched by its metadata alone calls itself PartialObjectMetadata.
      return found.map((one) => [keyOf({ kind, metadata: one.metadata }), one] as const);
    }),
  );
  return new Map(lists.flat());
}

/** What somebody changed of a workload's objects since they were applied, by field; nothing where its pods are made from something else. */
export function changedByHand(applied: RenderScope, id: string, live: ApiObject, beside: Beside): Drift[] {
  const workload = applied.workloads.find((one) => one.id === id);
  const { spec } = controllerShape.parse(live);
  const madeFrom = spec.template.metadata.annotations[annotation.fingerprint];
  if (!workload || madeFrom !== workload.fingerprint) return [];
  const secrets = workload.secrets.map((secret) => ({
    kind: 'Secret',
    metadata: { name: secretName(applied, secret) },
  }));
  return [...workloadObjects(applied, workload), ...secrets].flatMap((wanted): Drift[] => {
    const what = `${wanted.kind} ${wanted.metadata.name}`;
    const there = live.kind === wanted.kind ? live : beside.get(keyOf(wanted));
    if (!there) return [{ text: `${what} is gone`, remedy: 'in-place' }];
    return fieldsChanged(wanted, there).map((field) => ({
      text: `${what} ${field}`,
      // Of all that is said of pods they have only their template for life.
      remedy: field.startsWith('template.') ? 'replace' : 'in-place',
    }));
  });
}

/** The fields of an object that are not as they were applied; none of one that was applied otherwise, by another version of Kollage. */
function fieldsChanged(
  wanted: object & { readonly metadata: Manifest['metadata'] },
  there: ApiObject,
): string[] {
  const applied = wanted.metadata.annotations?.[annotation.spec];
  if (applied === undefined || there.metadata.annotations?.[annotation.spec] !== applied) return [];
  return drift('spec' in wanted ? wanted.spec : undefined, there['spec']);
}

function keyOf({ kind, metadata }: { readonly kind: string; readonly metadata: { readonly name: string } }) {
  return `${kind}/${metadata.name}`;
}
