import type { ApiObject } from '../../src/kubernetes/object.ts';

/** What a cluster has before anybody uses it. `dns`: the address at which names are answered. */
export function firstObjects(dns: string): ApiObject[] {
  const ports = [
    { name: 'dns', protocol: 'UDP', port: 53 },
    { name: 'dns-tcp', protocol: 'TCP', port: 53 },
  ];
  const system = { name: 'kube-dns', namespace: 'kube-system' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: system,
      spec: { clusterIP: '10.96.0.10', ports },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...system, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [dns] }],
      ports,
    },
    // Folders of a node: a pod comes back where its volume is.
    storageClass('local', 'WaitForFirstConsumer', { 'storageclass.kubernetes.io/is-default-class': 'true' }),
    // Folders that all nodes see, as storage on a network would be.
    storageClass('shared', 'Immediate', {}),
  ];
}

function storageClass(
  name: string,
  volumeBindingMode: string,
  annotations: Record<string, string>,
): ApiObject {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, annotations },
    provisioner: 'kollage.dev/test-cluster',
    volumeBindingMode,
  };
}
