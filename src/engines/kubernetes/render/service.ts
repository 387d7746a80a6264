import type { V1ServiceSpec } from '@kubernetes/client-node';
import type { Endpoint, Workload } from '../../../model/resource.ts';
import { label, objectName, only } from '../names.ts';
import type { Manifest, RenderScope } from './scope.ts';

export interface ServiceObject extends Manifest {
  readonly spec: V1ServiceSpec;
}

/** Endpoints of a component that have a name in the cluster: all but those that only the same node asks, or its other instances. */
function named(scope: RenderScope, component: string): Endpoint[] {
  return [...scope.endpoints.values()].filter(
    ({ workload, exposure }) => workload === component && exposure !== 'node' && exposure !== 'peers',
  );
}

/** The Service of a component, if it has one. */
export function serviceName(
  scope: RenderScope,
  of: (Pick<Endpoint, 'workload'> & Partial<Endpoint>) | undefined,
) {
  if (!of || of.exposure === 'node' || of.exposure === 'peers' || named(scope, of.workload).length === 0)
    return undefined;
  return objectName(of.workload);
}

/** `service/component`, of which a node's own overrides may make several workloads. */
export function componentOf({ service, component }: Workload): string {
  return `${service}/${component}`;
}

/** The name of a port in a pod, for what leads to it from outside: the number may differ between pods, the name tells which is meant. */
export function publicPort({ port }: Pick<Endpoint, 'port'>): string {
  return `public-${port}`;
}

/** Whether users reach an endpoint at another address than the cluster's own name for it. */
export function isPublic({ url, publicUrl }: Endpoint): boolean {
  return publicUrl !== undefined && publicUrl !== url;
}

/** A component's Service, under which its endpoints are reached; beside it one without an address, for pods with names of their own. */
export function services(scope: RenderScope, workload: Workload, isStateful: boolean): ServiceObject[] {
  const endpoints = named(scope, componentOf(workload));
  const selector = {
    [label.deployment]: scope.desired.deployment,
    [label.service]: workload.service,
    [label.component]: workload.component,
  };
  const object = (name: string, spec: V1ServiceSpec): ServiceObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: scope.head(name, workload),
    spec: { selector, ...spec },
  });
  const ports = endpoints.map(({ id, port, protocol, scheme }) => ({
    name: id.split('/')[1] ?? id,
    port,
    targetPort: port,
    protocol: protocol.toUpperCase(),
    ...(scheme === 'http' && { appProtocol: 'http' }),
  }));
  return [
    ...(ports.length > 0 ? [object(objectName(componentOf(workload)), { type: 'ClusterIP', ports })] : []),
    ...(isStateful
      ? [
          object(headlessName(workload), {
            clusterIP: 'None',
            publishNotReadyAddresses: true,
            ...(ports.length > 0 && { ports }),
          }),
        ]
      : []),
  ];
}

export function headlessName(workload: Workload): string {
  return objectName(componentOf(workload), '-pods');
}

/**
 * The one address for users, where kollage.yaml names it: each port leads to the pods that have it by name, whatever component they are of.
 */
export function publicService(scope: RenderScope): ServiceObject[] {
  const ports = [...scope.endpoints.values()].filter(isPublic).map((endpoint) => ({
    name: endpoint.id.replaceAll('/', '-'),
    port: endpoint.port,
    targetPort: publicPort(endpoint),
    protocol: endpoint.protocol.toUpperCase(),
  }));
  if (ports.length === 0) return [];
  const selector = { [label.deployment]: scope.desired.deployment, [label.public]: 'true' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: scope.head(only.public),
      spec: { type: 'LoadBalancer', selector, ports },
    },
  ];
}
