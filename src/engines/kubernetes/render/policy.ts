import type { Workload } from '../../../model/resource.ts';
import { label, objectName } from '../names.ts';
import type { Manifest, RenderScope } from './scope.ts';
import { componentOf } from './service.ts';

interface Peer {
  readonly podSelector?: { readonly matchLabels: { [key: string]: string } };
  readonly ipBlock?: { readonly cidr: string };
}

interface Rule {
  readonly from?: readonly Peer[];
  readonly ports: readonly { readonly port: number; readonly protocol: string }[];
}

/** networking.k8s.io/v1 NetworkPolicy, as far as it is used here. */
export interface PolicyObject extends Manifest {
  readonly spec: {
    readonly podSelector: { readonly matchLabels: { [key: string]: string } };
    readonly policyTypes: readonly string[];
    readonly ingress: readonly Rule[];
  };
}

/**
 * Who reaches the pods of a workload: everybody its public ports, the deployment's own pods the others. Those that are on their node's network come
 * from its address, which only kollage.yaml can tell; where it does not, those ports are open to all.
 */
export function policy(scope: RenderScope, workload: Workload): PolicyObject[] {
  // What is on its node's network is out of reach of a policy.
  if (workload.privileges.hostNetwork) return [];
  const own = [...scope.endpoints.values()].filter((one) => one.workload === componentOf(workload));
  const ports = (of: typeof own) =>
    of.map(({ port, protocol }) => ({ port, protocol: protocol.toUpperCase() }));
  const open = own.filter((one) => one.exposure === 'public');
  const inner = own.filter((one) => one.exposure === 'internal');
  const peer = own.filter((one) => one.exposure === 'peers');
  const from = peers(scope);
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: scope.head(objectName(workload.id), workload),
      spec: {
        podSelector: { matchLabels: scope.selector(workload) },
        policyTypes: ['Ingress'],
        ingress: [
          ...(open.length > 0 ? [{ ports: ports(open) }] : []),
          ...(inner.length > 0 ? [{ ...(from && { from }), ports: ports(inner) }] : []),
          ...(peer.length > 0
            ? [{ from: [{ podSelector: { matchLabels: scope.selector(workload) } }], ports: ports(peer) }]
            : []),
        ],
      },
    },
  ];
}

function peers({ desired, workloads, tasks }: RenderScope): Peer[] | null {
  const pods: Peer = { podSelector: { matchLabels: { [label.deployment]: desired.deployment } } };
  if (![...workloads, ...tasks].some(({ privileges }) => privileges.hostNetwork)) return [pods];
  const blocks = desired.nodes.map(({ address }) => address && cidr(address));
  if (blocks.some((block) => block === null)) return null;
  return [pods, ...blocks.flatMap((block) => (block ? [{ ipBlock: { cidr: block } }] : []))];
}

function cidr(address: string): string | null {
  if (/^[0-9.]+$/.test(address)) return `${address}/32`;
  return /^[0-9a-f:]+$/i.test(address) ? `${address}/128` : null;
}
