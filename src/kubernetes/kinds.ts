/** How the API server names a kind (its discovery documents, `/api/v1` and `/apis/GROUP/VERSION`). */
interface KindInfo {
  /** Group and version, as objects say it. */
  readonly api: string;
  /** The plural in paths, and in the rules of roles. */
  readonly resource: string;
  /** Whether its objects lie in a namespace. Yes when not given. */
  readonly cluster?: true;
}

/** The kinds that Kollage makes or reads. A table, so that no command has to ask for the server's. */
export const kinds = {
  ConfigMap: { api: 'v1', resource: 'configmaps' },
  Event: { api: 'v1', resource: 'events' },
  Namespace: { api: 'v1', resource: 'namespaces', cluster: true },
  Node: { api: 'v1', resource: 'nodes', cluster: true },
  PersistentVolume: { api: 'v1', resource: 'persistentvolumes', cluster: true },
  PersistentVolumeClaim: { api: 'v1', resource: 'persistentvolumeclaims' },
  Pod: { api: 'v1', resource: 'pods' },
  Secret: { api: 'v1', resource: 'secrets' },
  Service: { api: 'v1', resource: 'services' },
  ServiceAccount: { api: 'v1', resource: 'serviceaccounts' },
  DaemonSet: { api: 'apps/v1', resource: 'daemonsets' },
  Deployment: { api: 'apps/v1', resource: 'deployments' },
  StatefulSet: { api: 'apps/v1', resource: 'statefulsets' },
  Job: { api: 'batch/v1', resource: 'jobs' },
  Lease: { api: 'coordination.k8s.io/v1', resource: 'leases' },
  EndpointSlice: { api: 'discovery.k8s.io/v1', resource: 'endpointslices' },
  NetworkPolicy: { api: 'networking.k8s.io/v1', resource: 'networkpolicies' },
  PodDisruptionBudget: { api: 'policy/v1', resource: 'poddisruptionbudgets' },
  Role: { api: 'rbac.authorization.k8s.io/v1', resource: 'roles' },
  RoleBinding: { api: 'rbac.authorization.k8s.io/v1', resource: 'rolebindings' },
  StorageClass: { api: 'storage.k8s.io/v1', resource: 'storageclasses', cluster: true },
} as const satisfies Record<string, KindInfo>;

export type Kind = keyof typeof kinds;

/** Which of a kind's objects are meant. */
export interface Where {
  readonly kind: Kind;
  /** All namespaces where it is not given; nothing for a kind that lies in none. */
  readonly namespace?: string | undefined;
  /** One object; all of them where it is not given. */
  readonly name?: string | undefined;
  /** `log`, `status`, `eviction`, … */
  readonly subresource?: string | undefined;
}

/** The path of a request about these (kubernetes.io/docs/reference/using-api/api-concepts, Resource URIs). */
export function pathOf({ kind, namespace, name, subresource }: Where): string {
  const { api, resource, cluster }: KindInfo = kinds[kind];
  const parts = [
    api.includes('/') ? 'apis' : 'api',
    ...api.split('/'),
    ...(namespace === undefined || cluster ? [] : ['namespaces', namespace]),
    resource,
    ...[name, subresource].filter((part) => part !== undefined),
  ];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}
