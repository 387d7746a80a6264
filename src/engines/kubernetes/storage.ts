import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ignoring } from '../../kubernetes/errors.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { KollageError } from '../../model/error.ts';
import type { Volume } from '../../model/resource.ts';
import { claimFor, claimSpec } from './render/claims.ts';
import type { RenderScope } from './render/scope.ts';

/** Which class the cluster takes where a claim names none (kubernetes.io/docs/concepts/storage/storage-classes, Default StorageClass). */
const isDefault = 'storageclass.kubernetes.io/is-default-class';

/**
 * KLG-545 where the claim of a volume is not there yet and could never be bound, since there is no such storage class: its pods would wait for ever, and say
 * no more than that. Who may not look at storage classes goes on without.
 */
export async function needClass(client: KubernetesClient, scope: RenderScope, volume: Volume): Promise<void> {
  const { storageClassName: wanted } = claimSpec(scope, volume);
  if (volume.each === 'node' || wanted === '') return;
  const { namespace } = scope.settings;
  const name = claimFor(scope, volume);
  if (await client.get({ kind: 'PersistentVolumeClaim', namespace, name })) return;
  const all = await ignoring([403], () => client.list({ kind: 'StorageClass' }));
  if (!all || all.items.some((one) => (wanted ? one.metadata.name === wanted : isTheDefault(one)))) return;
  throw new KollageError({ code: 'KLG-545', message: missing(name, wanted, all.items) });
}

function isTheDefault({ metadata }: ApiObject): boolean {
  return metadata.annotations?.[isDefault] === 'true';
}

function missing(claim: string, wanted: string | undefined, all: readonly ApiObject[]): string {
  const names = all.map(({ metadata }) => metadata.name).join(', ') || 'none';
  return wanted === undefined
    ? `${claim} names no storage class, and the cluster has no default one; there are: ${names}`
    : `there is no storage class ${wanted} for ${claim}; there are: ${names}`;
}
