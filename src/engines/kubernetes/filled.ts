import { z } from 'zod';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { Workload } from '../../model/resource.ts';
import { type Filled, filledShape, outdated, type Published, partsOf, renewal } from '../outdated.ts';
import { annotation, label, objectName, only } from './names.ts';
import { podsOf } from './pods.ts';
import { registerKey } from './render/manifests.ts';
import { configMapShape, type controllerKinds, controllerShape, type PodShape } from './shapes.ts';

const register = z.record(z.string(), z.string());

/** What a deployment's workloads and tasks have published. */
export async function published(client: KubernetesClient, namespace: string): Promise<Published> {
  const there = await client.get({ kind: 'ConfigMap', namespace, name: only.outputs });
  const { data } = configMapShape.parse(there ?? { metadata: { name: only.outputs } });
  const values = new Map(Object.entries(data).map(([key, text]) => [key, register.parse(JSON.parse(text))]));
  return (output) => {
    const { id, key } = partsOf(output);
    return values.get(registerKey(id))?.[key];
  };
}

/** The outputs that a workload follows and that have another value than what a pod was filled with, as the container that did that told at its end. */
export function outdatedOf(pod: PodShape, workload: Workload, values: Published) {
  return outdated(workload, filledIn(pod), values);
}

function filledIn({ status }: PodShape): Filled | null {
  for (const { state, lastState } of status.initContainerStatuses) {
    const message = (state.terminated ?? lastState.terminated)?.message;
    if (message === undefined) continue;
    try {
      return filledShape.parse(JSON.parse(message));
    } catch {
      // What a container that failed has said, or more than a cluster keeps.
      return null;
    }
  }
  return null;
}

/** What the template of a workload's pods is to say of the values that they are filled with. */
export async function renewalOf(
  client: KubernetesClient,
  { deployment, namespace }: { readonly deployment: string; readonly namespace: string },
  workload: Workload,
  kind: (typeof controllerKinds)[number],
): Promise<string | undefined> {
  if (!workload.follows) return undefined;
  const name = objectName(workload.id);
  const [live, pods, values] = await Promise.all([
    client.get({ kind, namespace, name }),
    podsOf(client, namespace, { [label.deployment]: deployment, [label.workload]: name }),
    published(client, namespace),
  ]);
  const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const said = live ? controllerShape.parse(live).spec.template.metadata.annotations : {};
  return renewal(workload, staying.map(filledIn), values, said[annotation.filled]);
}
