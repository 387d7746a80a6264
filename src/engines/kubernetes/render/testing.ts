import * as api from '@kubernetes/client-node';
import type { Manifest } from './scope.ts';

/*
 * Objects held against the models of Kubernetes' API that the client was generated from (its OpenAPI): each field must be there, and of the
 * right type. What is deprecated is listed by hand, since the models tell it in comments only.
 */

/** Fields and kinds that still work and should not be used. */
const deprecated = new Set([
  'V1PodSpec.serviceAccount',
  'V1ServiceSpec.externalIPs',
  'V1ServiceSpec.loadBalancerIP',
  'V1ObjectMeta.selfLink',
  'V1PersistentVolumeSpec.persistentVolumeReclaimPolicy=Recycle',
]);
const versions: Readonly<Record<string, string>> = {
  apps: 'apps/v1',
  batch: 'batch/v1',
  core: 'v1',
  policy: 'policy/v1',
  rbac: 'rbac.authorization.k8s.io/v1',
  networking: 'networking.k8s.io/v1',
};
const groupOf: Readonly<Record<string, keyof typeof versions>> = {
  Namespace: 'core',
  ServiceAccount: 'core',
  ConfigMap: 'core',
  Secret: 'core',
  Service: 'core',
  PersistentVolume: 'core',
  PersistentVolumeClaim: 'core',
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  Job: 'batch',
  PodDisruptionBudget: 'policy',
  Role: 'rbac',
  RoleBinding: 'rbac',
  NetworkPolicy: 'networking',
};

interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[];
}

function isModel(value: unknown): value is Model {
  return typeof value === 'function' && 'getAttributeTypeMap' in value;
}

const models: Readonly<Record<string, unknown>> = { ...api };

/** What is wrong with an object, by its place in it. */
export function violations(object: Manifest): string[] {
  const group = groupOf[object.kind];
  const where = `${object.kind}/${object.metadata.name}`;
  if (group === undefined || versions[group] !== object.apiVersion)
    return [`${where}: there is no ${object.apiVersion} ${object.kind}`];
  return check(where, `V1${object.kind}`, object);
}

function check(where: string, type: string, value: unknown): string[] {
  const wrong = [`${where} is no ${type}: ${JSON.stringify(value)}`];
  const list = /^Array<(.+)>$/.exec(type)?.[1];
  if (list !== undefined)
    return Array.isArray(value)
      ? value.flatMap((one, index) => check(`${where}[${index}]`, list, one))
      : wrong;
  const map = /^\{ \[key: string\]: (.+?);? \}$/.exec(type)?.[1];
  if (map !== undefined)
    return isRecord(value)
      ? Object.entries(value).flatMap(([key, one]) => check(`${where}.${key}`, map, one))
      : wrong;
  if (type === 'IntOrString') return typeof value === 'string' || Number.isInteger(value) ? [] : wrong;
  if (type === 'Date') return typeof value === 'string' ? [] : wrong;
  if (type === 'any') return [];
  if (type === 'string' || type === 'number' || type === 'boolean') return typeof value === type ? [] : wrong;
  const model = models[type];
  if (!isModel(model)) throw new Error(`the client has no model ${type}`);
  if (!isRecord(value)) return wrong;
  if (type === 'V1Container' && passesOn(value) && !isPrivileged(value))
    return [`${where} is not privileged, and passes on what it mounts`];
  const fields = new Map(model.getAttributeTypeMap().map(({ baseName, type }) => [baseName, type]));
  return Object.entries(value).flatMap(([key, one]) => {
    const field = fields.get(key);
    if (field === undefined) return [`${where}: a ${type} has no ${key}`];
    if (deprecated.has(`${type}.${key}`) || deprecated.has(`${type}.${key}=${String(one)}`))
      return [`${where}.${key} is deprecated`];
    return one === undefined ? [`${where}.${key} is undefined`] : check(`${where}.${key}`, field, one);
  });
}

/** Only the API server itself would say it (its ValidateContainers). */
function passesOn({ volumeMounts = [] }: api.V1Container | Record<string, unknown>): boolean {
  return Array.isArray(volumeMounts) && volumeMounts.some((one) => one.mountPropagation === 'Bidirectional');
}

function isPrivileged({ securityContext }: api.V1Container | Record<string, unknown>): boolean {
  return isRecord(securityContext) && securityContext['privileged'] === true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
