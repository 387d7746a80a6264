import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ignoring } from '../../kubernetes/errors.ts';
import type { Kind } from '../../kubernetes/kinds.ts';
import { follow } from '../../kubernetes/watch.ts';
import { Limit } from '../../model/limit.ts';
import { together } from './base.ts';
import { label, roleLabel } from './names.ts';

/** What a deployment has in its namespace, each kind before those that it uses. */
const kinds: readonly Kind[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'Service',
  'PodDisruptionBudget',
  'NetworkPolicy',
  'ConfigMap',
  'RoleBinding',
  'Role',
  'ServiceAccount',
];

/** Of a deployment, and not of its history, which is the state's own. */
function ours(deployment: string): string {
  return `${label.deployment}=${deployment},!kollage.dev/state`;
}

/** Takes away what carries a deployment's label, and waits until its pods are gone; a namespace goes where it was made for it. */
export async function destroyAll(
  client: KubernetesClient,
  deployment: string,
  namespace: string,
  keep: { readonly data: boolean },
): Promise<void> {
  const there = await ignoring([403], () => client.get({ kind: 'Namespace', name: namespace }));
  if (there === null) return;
  const labels = ours(deployment);
  for (const kind of kinds) await ignoring([404], () => client.removeAll({ kind, namespace }, { labels }));
  if (!keep.data) await kill(client, deployment, namespace);
  await gone(client, 'Pod', namespace, `${label.deployment}=${deployment}`);
  await client.removeAll({ kind: 'Secret', namespace }, { labels });
  if (keep.data) return;
  await client.removeAll({ kind: 'PersistentVolumeClaim', namespace }, { labels });
  await gone(client, 'PersistentVolumeClaim', namespace, labels);
  await ignoring([403], () => removeVolumes(client, deployment));
  await ignoring([403], () => unlabel(client, deployment));
  if (there?.metadata.labels?.[label.deployment] !== deployment) return;
  await client.remove({ kind: 'Namespace', name: namespace });
  await gone(client, 'Namespace', undefined, `${label.deployment}=${deployment}`);
}

/** Ends pods at once: who has no data to keep need not end gently, and on a node that is lost nothing would ever say that it has. */
async function kill(client: KubernetesClient, deployment: string, namespace: string): Promise<void> {
  await client.removeAll(
    { kind: 'Pod', namespace },
    { labels: `${label.deployment}=${deployment}` },
    { grace: 0 },
  );
}

/** Waits until none of a kind is left. */
export async function gone(
  client: KubernetesClient,
  kind: Kind,
  namespace: string | undefined,
  labels: string,
): Promise<void> {
  const until = new AbortController();
  const left = new Set<string>();
  let synced = false;
  for await (const event of follow(
    client,
    { kind, namespace },
    { labels, only: 'metadata', signal: until.signal },
  )) {
    if (event.type === 'synced') synced = true;
    else if (event.type === 'deleted') left.delete(event.object.metadata.uid ?? '');
    else left.add(event.object.metadata.uid ?? '');
    if (synced && left.size === 0) break;
  }
  until.abort();
}

/** Volumes that were made for a lab; their folders stay on the node. */
async function removeVolumes(client: KubernetesClient, deployment: string): Promise<void> {
  const { items } = await client.list(
    { kind: 'PersistentVolume' },
    { labels: `${label.deployment}=${deployment}` },
  );
  await Promise.all(items.map(({ metadata: { name } }) => client.remove({ kind: 'PersistentVolume', name })));
}

/** Takes the labels of roles from nodes. */
async function unlabel(client: KubernetesClient, deployment: string): Promise<void> {
  const { items } = await client.list({ kind: 'Node' }, { only: 'metadata' });
  const prefix = roleLabel(deployment, '');
  const limit = new Limit(together);
  await Promise.all(
    items.map(async ({ metadata: { name, labels = {} } }) => {
      const own = Object.keys(labels).filter((key) => key.startsWith(prefix));
      if (own.length === 0) return;
      const cleared = Object.fromEntries(own.map((key) => [key, null]));
      await limit.run(0, () => client.patch({ kind: 'Node', name }, { metadata: { labels: cleared } }));
    }),
  );
}
