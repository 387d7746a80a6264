import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { Workload } from '../../model/resource.ts';
import { gone } from './destroy.ts';
import { label } from './names.ts';
import { podsOf } from './pods.ts';
import type { ControllerObject } from './render/controller.ts';
import { fingerprintOf, stateOf } from './rollout.ts';
import { claimNames } from './shapes.ts';

/**
 * A StatefulSet keeps the volumes that it was made with. Where its pods are to have others it goes, and they with it, before the new one comes. Nothing
 * where it is not there, or somebody else's.
 */
export async function makeWay(client: KubernetesClient, wanted: ControllerObject): Promise<void> {
  if (wanted.kind !== 'StatefulSet') return;
  const { name, namespace = '', labels = {} } = wanted.metadata;
  const there = await client.get({ kind: 'StatefulSet', namespace, name });
  if (!there || labels[label.deployment] !== there.metadata.labels?.[label.deployment]) return;
  if (claimNames(there['spec']) === claimNames(wanted.spec)) return;
  await client.remove({ kind: 'StatefulSet', namespace, name });
  const selector = Object.entries(wanted.spec.selector.matchLabels ?? {});
  await gone(client, 'Pod', namespace, selector.map(([key, value]) => `${key}=${value}`).join());
}

/**
 * A StatefulSet exchanges one pod after the other, the last one first, and waits until each is ready. Where none is, since all of them need what is new,
 * that would be for ever: those that do not serve are exchanged at once.
 */
export async function renewIdle(
  client: KubernetesClient,
  wanted: ControllerObject,
  { fingerprint }: Workload,
): Promise<void> {
  if (wanted.kind !== 'StatefulSet') return;
  const { namespace = '' } = wanted.metadata;
  const pods = await podsOf(client, namespace, wanted.spec.selector.matchLabels ?? {});
  const idle = pods.filter(
    (pod) =>
      pod.metadata.deletionTimestamp === undefined &&
      fingerprintOf(pod) !== fingerprint &&
      stateOf(pod) !== 'running',
  );
  await Promise.all(idle.map(({ metadata: { name } }) => client.remove({ kind: 'Pod', namespace, name })));
}
