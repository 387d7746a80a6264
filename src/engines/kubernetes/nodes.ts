import type { KubernetesClient } from '../../kubernetes/client.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { parseSize } from '../../model/size.ts';
import type { EngineNode } from '../engine.ts';
import { roleLabel } from './names.ts';
import { holding, nodeShape } from './shapes.ts';

/** The nodes of the cluster, with the roles that they have for a deployment by their labels. */
export async function clusterNodes(client: KubernetesClient, deployment: string): Promise<EngineNode[]> {
  const { items } = await client.list({ kind: 'Node' });
  return items.map((item) => clusterNode(item, deployment)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A node as the cluster tells of it. */
export function clusterNode(item: ApiObject, deployment: string): EngineNode {
  const node = nodeShape.parse(item);
  const { name, labels } = node.metadata;
  const prefix = roleLabel(deployment, '');
  const roles = Object.keys(labels).flatMap((key) =>
    key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
  return { name, roles: roles.sort(), why: whyNot(node, prefix), ...room(node) };
}

/** What a node has for pods: bytes, processors. */
export function room({ status: { allocatable } }: ReturnType<typeof nodeShape.parse>): {
  readonly memory: number;
  readonly cpus: number;
} {
  const { memory = '', cpu = '' } = allocatable;
  return { memory: parseSize(memory) ?? 0, cpus: cores(cpu) };
}

/** `1930m` or `2`, in processors. */
function cores(text: string): number {
  return text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);
}

/** Why a node takes no pods of ours; taints of roles (`prefix`) are made to keep others away. */
function whyNot({ spec, status }: ReturnType<typeof nodeShape.parse>, prefix: string): string | null {
  if (!holding(status.conditions, 'Ready')) {
    const { reason = '', message = '' } = status.conditions.find(({ type }) => type === 'Ready') ?? {};
    return ['it is not ready', reason, message].filter(Boolean).join(': ');
  }
  if (spec.unschedulable) return 'it is cordoned, and takes nothing new';
  const taint = spec.taints.find(
    ({ key, effect }) => effect !== 'PreferNoSchedule' && !key.startsWith(prefix),
  );
  return taint ? `its taint ${taint.key} (${taint.effect}) keeps our pods away` : null;
}
