import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiError, ignoring } from '../../kubernetes/errors.ts';
import { KollageError } from '../../model/error.ts';
import { Limit } from '../../model/limit.ts';
import type { Desired, Process, Task, Workload } from '../../model/resource.ts';
import type { Provision } from '../engine.ts';
import { partOf } from '../part-of.ts';
import { apply, applyAll, create } from './apply.ts';
import { fieldManager, label, objectName, roleLabel, short } from './names.ts';
import { claimedBy, claimName } from './render/claims.ts';
import { secretObject } from './render/files.ts';
import { baseObjects } from './render/manifests.ts';
import { RenderScope } from './render/scope.ts';
import type { KubernetesSettings } from './settings.ts';
import { startFiles } from './start-files.ts';

/** Nodes that get or lose their labels at the same time. */
export const together = 20;

/** What a process is rendered with: the state that it is part of, with what only this process brings along. */
export function scopeFor(settings: KubernetesSettings, process: Process, provision: Provision): RenderScope {
  const { bundle } = provision;
  const whole = partOf(process, provision);
  const formers = new Map(
    process.secrets.flatMap((id) => {
      const before = provision.secret(formerName(id));
      const isUsed = (bundle?.files ?? []).some(({ content }) =>
        content.includes(`@{secret.${formerName(id)}`),
      );
      if (!isUsed || before === undefined || before === provision.secret(id)) return [];
      return [[id, objectName(id, `-former-${short(process.fingerprint)}`)] as const];
    }),
  );
  return new RenderScope({ desired: whole, settings, start: startFiles(), formers });
}

/** The Secrets of a process, with their values. KLG-120 for one that is missing. */
export async function makeSecrets(
  client: KubernetesClient,
  scope: RenderScope,
  { secrets }: Process,
  secret: Provision['secret'],
): Promise<void> {
  const value = (name: string) => {
    const found = secret(name);
    if (found !== undefined) return found;
    throw new KollageError({ code: 'KLG-120', message: `the secret ${name} is missing` });
  };
  const objects = [
    ...secrets.map((id) => secretObject(scope, id, value(id))),
    ...[...scope.formers].map(([id, name]) => secretObject(scope, id, value(formerName(id)), name)),
  ];
  await Promise.all(objects.map((one) => create(client, one)));
}

/** KLG-502 where a claim of a volume that a process mounts is not there: an empty one in its place would hide that its data is lost. */
export async function needVolumes(
  client: KubernetesClient,
  scope: RenderScope,
  process: Pick<Workload | Task, 'id' | 'mounts'>,
): Promise<void> {
  const { namespace } = scope.settings;
  for (const volume of claimedBy(scope, process)) {
    const name = claimName(volume);
    if (await client.get({ kind: 'PersistentVolumeClaim', namespace, name })) continue;
    throw new KollageError({
      code: 'KLG-502',
      message: `${process.id} needs the volume ${volume.id}, and its PersistentVolumeClaim ${name} is not there`,
    });
  }
}

/** By which name a secret's value from before a change is asked for (model/token.ts). */
function formerName(id: string): string {
  return `${id}:former`;
}

/** Makes what all of a deployment's pods rest on: their namespace, accounts, the start program, the registers; and labels nodes with their roles. */
export async function makeBase(
  client: KubernetesClient,
  settings: KubernetesSettings,
  desired: Desired,
): Promise<void> {
  const scope = new RenderScope({ desired, settings, start: startFiles() });
  const [namespace, ...rest] = baseObjects(scope);
  if (namespace) await makeNamespace(client, namespace, desired.deployment);
  await applyAll(client, desired.deployment, rest);
  if (scope.hasNodes) await labelNodes(client, desired);
}

/** Who may not make namespaces works in one that is there. */
async function makeNamespace(
  client: KubernetesClient,
  namespace: ReturnType<typeof baseObjects>[number],
  deployment: string,
): Promise<void> {
  const { name } = namespace.metadata;
  const there = await ignoring([403], () => client.get({ kind: 'Namespace', name }));
  // One that somebody else made is not ours to label, nor to take away.
  if (there && there.metadata.labels?.[label.deployment] !== deployment) return;
  try {
    await apply(client, deployment, namespace);
  } catch (error) {
    const mayWorkInIt = error instanceof ApiError && error.code === 403 && there !== null;
    if (!mayWorkInIt) throw error;
  }
}

/**
 * Nodes that kollage.yaml names get the labels of their roles; those of roles that they have no more go. One list, and a request for each node that
 * differs. KLG-404 for one that is not there.
 */
async function labelNodes(client: KubernetesClient, { deployment, nodes }: Desired): Promise<void> {
  const { items } = await client.list({ kind: 'Node' }, { only: 'metadata' });
  const there = new Map(items.map(({ metadata }) => [metadata.name, metadata.labels ?? {}]));
  const prefix = roleLabel(deployment, '');
  const limit = new Limit(together);
  const missing = nodes.find(({ name }) => !there.has(name));
  if (missing)
    throw new KollageError({
      code: 'KLG-404',
      message: `the cluster has no node ${missing.name}, which kollage.yaml names`,
    });
  await Promise.all(
    nodes.map(async ({ name, roles }) => {
      const labels = Object.fromEntries(roles.map((role) => [roleLabel(deployment, role), 'true']));
      const has = there.get(name) ?? {};
      const stale = Object.keys(has).some((key) => key.startsWith(prefix) && !(key in labels));
      if (!stale && Object.keys(labels).every((key) => has[key] === labels[key])) return;
      const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
      await limit.run(0, () => client.apply(node, { manager: `${fieldManager}-${deployment}` }));
    }),
  );
}
