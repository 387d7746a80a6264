/** The attribute of an agent that says which roles it has, one after the other: `kollage_roles:controller/network`. */
export const rolesAttribute = 'kollage_roles';

/** What apps of ours carry. Nothing without the first is ever touched. */
export const label = {
  deployment: 'kollage.deployment',
  /** `workload:nova/api`. */
  key: 'kollage.key',
  fingerprint: 'kollage.fingerprint',
  release: 'kollage.release',
  /** What was asked for, as a hash: whoever changed it since did not say so here. */
  spec: 'kollage.spec',
  /** Its process waits for something before it begins. */
  waits: 'kollage.waits',
  /** Of the values that its tasks are filled with, where those of others made new ones necessary. */
  filled: 'kollage.filled',
} as const;

/**
 * `nova/compute@node-1` of mycloud becomes /mycloud/nova/compute-at-node-1, so that Mesos-DNS has it as compute-at-node-1-nova-mycloud. Parts of an id are
 * lower-case letters, digits, - and . (apache/marathon, stringTypes.raml: PathId).
 */
export function appId(deployment: string, id: string): string {
  const parts = id
    .replace('@', '-at-')
    .split('/')
    .map((part) => part.toLowerCase().replace(/[^a-z0-9.-]+/g, '-'));
  return ['', deployment, ...parts].join('/');
}

/** How a workload or task is named where it is one of many: `nova-compute-at-node-1`. */
export function objectName(id: string): string {
  return appId('', id).slice(2).replaceAll('/', '-');
}

/** Who is registered under which name: the instances that nodes' own overrides made others, together with the rest. */
export function registryName(id: string): string {
  return id.split('@')[0] ?? id;
}

/** A volume of a node's Docker. */
export function volumeName(deployment: string, id: string): string {
  return `${deployment}-${id.replaceAll('/', '-')}`;
}
