import { z } from 'zod';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { Where } from '../../src/kubernetes/kinds.ts';
import type { ApiObject } from '../../src/kubernetes/object.ts';
import { follow } from '../../src/kubernetes/watch.ts';

/** Waits until the objects that are there are as they are to be. */
export async function until(
  client: KubernetesClient,
  where: Where,
  holds: (objects: readonly ApiObject[]) => boolean,
): Promise<void> {
  const known = new Map<string, ApiObject>();
  const late = AbortSignal.timeout(180_000);
  for await (const event of follow(client, where, { signal: late })) {
    if (event.type === 'deleted') known.delete(event.object.metadata.name);
    else if (event.type !== 'synced') known.set(event.object.metadata.name, event.object);
    if (holds([...known.values()])) return;
  }
  throw new Error(`${where.kind}: not what was waited for after three minutes`);
}

export function named(name: string): (objects: readonly ApiObject[]) => boolean {
  return (objects) => objects.some(({ metadata }) => metadata.name === name);
}

const nodeStatus = z.looseObject({
  spec: z.looseObject({ taints: z.array(z.looseObject({ key: z.string() })).default([]) }),
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** Whether a node says that it is, and nothing that a node has while it is not keeps pods away. */
export function isReady(node: ApiObject): boolean {
  const { spec, status } = nodeStatus.parse(node);
  return (
    status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True') &&
    !spec.taints.some(({ key }) => key.startsWith('node.kubernetes.io/'))
  );
}
