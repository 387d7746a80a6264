import { hash } from '../../compile/fingerprint.ts';

/** In whose name fields are set (server-side apply). */
export const fieldManager = 'kollage';

/** What objects of ours carry. Nothing without the first is ever touched. */
export const label = {
  deployment: 'kollage.dev/deployment',
  /** The workload that a pod is an instance of. */
  workload: 'kollage.dev/workload',
  /** The task that a Job runs. */
  task: 'kollage.dev/task',
  /** A Job that proves something each time anew, and is no record of anything. */
  proof: 'kollage.dev/proof',
  /** The task's fingerprint. */
  fingerprint: 'kollage.dev/fingerprint',
  /** A claim of the volume of which each pod of a workload has its own. */
  volume: 'kollage.dev/volume',
  /** Pods that users reach from outside. */
  public: 'kollage.dev/public',
  service: 'app.kubernetes.io/name',
  instance: 'app.kubernetes.io/instance',
  component: 'app.kubernetes.io/component',
  partOf: 'app.kubernetes.io/part-of',
  managedBy: 'app.kubernetes.io/managed-by',
  version: 'app.kubernetes.io/version',
} as const;

export const annotation = {
  /** `workload:keystone/api`: what an object is for, as Kollage calls it. */
  key: 'kollage.dev/key',
  fingerprint: 'kollage.dev/fingerprint',
  /** Of what is on each node of its role: on how many nodes. */
  nodes: 'kollage.dev/nodes',
  /** Of the values that pods are filled with, where those of others made new ones necessary. */
  filled: 'kollage.dev/filled',
  /** A hash of the `spec` that was applied: what another version of Kollage would apply is no change by hand. */
  spec: 'kollage.dev/spec',
} as const;

/** Objects that each deployment has but once. */
export const only = {
  /** Reads what the start program asks for. */
  reader: 'kollage-start',
  /** Publishes outputs beside that. */
  publisher: 'kollage-publish',
  program: 'kollage-start',
  tasks: 'kollage-tasks',
  outputs: 'kollage-outputs',
  public: 'kollage-public',
} as const;

/** The longest name that becomes a label of DNS (RFC 1123). */
const longest = 63;

/** `nova/compute@node-1` becomes nova-compute-node-1, with `end` behind it; a name that is too long is cut, and told apart by a hash. */
export function objectName(id: string, end = ''): string {
  const plain = id.toLowerCase().replace(/[^a-z0-9-]+/g, '-');
  const room = longest - end.length;
  if (plain.length <= room) return `${plain}${end}`;
  return `${plain.slice(0, room - 9)}-${hash(id).slice(0, 8)}${end}`;
}

/** Ten digits of a hash: enough to tell apart what one name ever stood for. */
export function short(fingerprint: string): string {
  return fingerprint.slice(0, 10);
}

export function jobName(id: string, fingerprint: string): string {
  return objectName(id, `-${short(hash(fingerprint))}`);
}

/** The label of a node with a role, for one deployment: `mycloud.kollage.dev/compute`. */
export function roleLabel(deployment: string, role: string): string {
  return `${deployment}.kollage.dev/${role}`;
}
