import type { KubernetesClient } from '../../kubernetes/client.ts';
import { whereOf } from '../../kubernetes/client.ts';
import { ignoring } from '../../kubernetes/errors.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { KollageError } from '../../model/error.ts';
import { fieldManager, label } from './names.ts';
import type { Manifest } from './render/scope.ts';

/** Kinds of which somebody else's object of the same name must be left alone: what we name by a hash, or for the deployment, is ours. */
const taken = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Service', 'PersistentVolumeClaim']);

/**
 * Makes an object what it shall be, by server-side apply: fields that others have set are theirs, and a conflict is told with who that is (KLG-544).
 * KLG-502 where somebody else's object has its name.
 */
export async function apply(
  client: KubernetesClient,
  deployment: string,
  manifest: Manifest,
): Promise<ApiObject> {
  const wanted = plain(manifest);
  if (taken.has(manifest.kind)) {
    const there = await client.get(whereOf(wanted));
    if (there && there.metadata.labels?.[label.deployment] !== deployment)
      throw new KollageError({
        code: 'KLG-502',
        message: `there is a ${manifest.kind} ${manifest.metadata.name} already, and it is not of the deployment ${deployment}`,
      });
  }
  return client.apply(wanted, { manager: fieldManager });
}

/** Makes what does not change once it is made; nothing where it is there. */
export async function create(client: KubernetesClient, manifest: Manifest): Promise<void> {
  await ignoring([409], () => client.create(plain(manifest)));
}

/** All of them, those of one kind at once, and each kind after those before it. */
export async function applyAll(
  client: KubernetesClient,
  deployment: string,
  manifests: readonly Manifest[],
): Promise<ApiObject[]> {
  const made: ApiObject[] = [];
  for (const some of Map.groupBy(manifests, ({ kind }) => kind).values())
    made.push(...(await Promise.all(some.map((one) => apply(client, deployment, one)))));
  return made;
}

function plain(manifest: Manifest): ApiObject {
  const { apiVersion, kind, metadata, ...rest } = manifest;
  return { ...rest, apiVersion, kind, metadata: { ...metadata } };
}
