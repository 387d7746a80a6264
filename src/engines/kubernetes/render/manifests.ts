import { runsByItself } from '../../../model/resource.ts';
import { annotation, only } from '../names.ts';
import { claims } from './claims.ts';
import { workloadObjects } from './controller.ts';
import { type SecretObject, secretName, secretObject, startProgram } from './files.ts';
import { taskObjects } from './job.ts';
import { rights } from './rights.ts';
import { type Manifest, type RenderInput, RenderScope } from './scope.ts';
import { publicService } from './service.ts';

/** In which order kinds stand: each after what it refers to. */
const order = [
  'Namespace',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'ConfigMap',
  'Secret',
  'NetworkPolicy',
  'Service',
  'StatefulSet',
  'Deployment',
  'DaemonSet',
  'PodDisruptionBudget',
  'Job',
];

/**
 * A desired state as objects of Kubernetes, each after what it refers to. Pure: the same input gives the same bytes. No secret's value is in
 * them; the Secrets that they name are `secretObjects`. Tasks of the phase `contract` are suspended: whoever applies these must let them run when
 * the old version is gone.
 */
export function manifests(input: RenderInput): Manifest[] {
  const scope = new RenderScope(input);
  const { workloads, volumes } = scope;
  const all = [
    ...baseObjects(scope),
    ...[...volumes.values()].flatMap((volume) => claims(scope, volume)),
    ...workloads.flatMap((workload) => workloadObjects(scope, workload)),
    ...scope.tasks
      .filter(runsByItself)
      .flatMap((task) => taskObjects(scope, task, task.phase === 'contract')),
  ];
  return sorted(all);
}

/** What all pods rest on; the namespace first. */
export function baseObjects(scope: RenderScope): Manifest[] {
  return sorted([
    namespace(scope),
    ...rights(scope),
    startProgram(scope),
    ...registers(scope),
    ...publicService(scope),
  ]);
}

/** The secrets that processes use, by the names of their objects. */
export function usedSecrets(input: RenderInput): { readonly object: string; readonly secret: string }[] {
  return used(new RenderScope(input)).map(({ id, object }) => ({ object, secret: id }));
}

/** The Secrets that these objects name, with their values. Throws KLG-120 for one that is missing. */
export function secretObjects(input: RenderInput, value: (name: string) => string): SecretObject[] {
  const scope = new RenderScope(input);
  return used(scope).map(({ id }) => secretObject(scope, id, value(id)));
}

function used(scope: RenderScope): { readonly id: string; readonly object: string }[] {
  const processes = [...scope.workloads, ...scope.tasks.filter(runsByItself)];
  const names = new Set(processes.flatMap(({ secrets }) => secrets));
  return [...names].sort().map((id) => ({ id, object: secretName(scope, id) }));
}

/** Each once (several workloads of one component share its Service), sorted. */
export function sorted<T extends Manifest>(all: readonly T[]): T[] {
  const byName = new Map(all.map((one) => [`${one.kind}/${one.metadata.name}`, one]));
  return [...byName.values()].sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.metadata.name < b.metadata.name ? -1 : 1),
  );
}

/** The namespace, with what its pods must be allowed (kubernetes.io/docs/concepts/security/pod-security-standards). */
function namespace(scope: RenderScope): Manifest {
  const { namespace: name } = scope.settings;
  const { labels = {} } = scope.head(name);
  const isOpen = [...scope.workloads, ...scope.tasks].some(
    ({ privileges, mounts }) =>
      privileges.hostNetwork ||
      privileges.hostPid ||
      privileges.hostIpc ||
      privileges.capabilities.length > 0 ||
      privileges.devices.length > 0 ||
      privileges.unconfined.length > 0 ||
      mounts.some(({ type, source }) => type === 'host' || scope.volumes.get(source)?.each === 'node'),
  );
  const level = { 'pod-security.kubernetes.io/enforce': isOpen ? 'privileged' : 'baseline' };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { ...labels, ...level } } };
}

/** What is looked up while things come up: which run of each task is the one that is wanted now, and what was published. */
function registers(scope: RenderScope): Manifest[] {
  const tasks = Object.fromEntries(scope.tasks.map(({ id, fingerprint }) => [registerKey(id), fingerprint]));
  const register = (name: string, data?: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...scope.head(name), annotations: { [annotation.key]: name } },
    ...(data && { data }),
  });
  return [register(only.tasks, tasks), register(only.outputs)];
}

/** An id as the key of a register: the store of the start program reads it too (images/start/store_kubernetes.py). */
export function registerKey(id: string): string {
  return id.replaceAll('/', '__').replaceAll('@', '_at_');
}
