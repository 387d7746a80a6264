import type { RbacV1Subject, V1PolicyRule, V1RoleRef } from '@kubernetes/client-node';
import { only } from '../names.ts';
import type { Manifest, RenderScope } from './scope.ts';

export interface RoleObject extends Manifest {
  readonly rules: V1PolicyRule[];
}

export interface BindingObject extends Manifest {
  readonly roleRef: V1RoleRef;
  readonly subjects: RbacV1Subject[];
}

/** What the start program may ask: which Jobs are done, which Services answer, and what was published. It tells of its waiting by Events. */
const reading: V1PolicyRule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  {
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: [only.tasks, only.outputs],
    verbs: ['list', 'watch'],
  },
  { apiGroups: [''], resources: ['events'], verbs: ['create'] },
];

/** A task's container may write what it publishes, and nothing else. */
const publishing: V1PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps'], resourceNames: [only.outputs], verbs: ['patch'] },
];

/** The accounts of the pods, and what they may do. Only the start program is given a token. */
export function rights(scope: RenderScope): Manifest[] {
  return [
    ...account(scope, only.reader, reading),
    ...account(scope, only.publisher, [...reading, ...publishing]),
  ];
}

function account(scope: RenderScope, name: string, rules: V1PolicyRule[]): Manifest[] {
  const metadata = scope.head(name);
  const { namespace } = scope.settings;
  const self: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
  const role: RoleObject = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata, rules };
  const binding: BindingObject = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  };
  return [{ ...self, ...{ automountServiceAccountToken: false } }, role, binding];
}
