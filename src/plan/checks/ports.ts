import type { Finding } from '../../model/error.ts';
import type { ObservedNode } from '../../model/plan.ts';
import type { Endpoint, Port } from '../../model/resource.ts';
import { onHostNetwork } from '../network.ts';
import { nodesText } from '../reasons/nodes.ts';
import { baseOf } from '../side.ts';
import { type CheckInput, common, onNodes, type Placed, pairs, workloadsOf } from './placed.ts';

type Listener = NonNullable<ObservedNode['listeners']>[number];

interface Claim {
  readonly placed: Placed;
  readonly port: Port;
}

/** KLG-401: a port of a node that components of two services would listen on, or that something else listens on. */
export function checkPorts(input: CheckInput, all: readonly Placed[]): Finding[] {
  const claims = Map.groupBy(hostClaims(input, all), ({ port }) => portKey(port));
  const between = [...claims.values()].flatMap((claim) =>
    pairs(claim).flatMap(([a, b]) => twoServices(input, a, b)),
  );
  return [...between, ...taken(input, claims)];
}

/** KLG-204: two endpoints of one service with the same port where both would listen. */
export function checkEndpoints(input: CheckInput, all: readonly Placed[]): Finding[] {
  const within = all.flatMap(({ workload }) =>
    pairs(workload.ports)
      .filter(([a, b]) => portKey(a) === portKey(b))
      .map(([a, b]) => alike(a, b)),
  );
  const claims = Map.groupBy(
    hostClaims(input, all),
    ({ port, placed }) => `${placed.workload.service} ${portKey(port)}`,
  );
  const across = [...claims.values()].flatMap((claim) =>
    pairs(claim)
      .filter(([a, b]) => apart(a, b) && common(a.placed, b.placed).length > 0)
      .map(([a, b]) => alike(a.port, b.port)),
  );
  const once = new Map([...within, ...across].map((finding) => [finding.message, finding]));
  return [...once.values()];
}

function hostClaims(input: CheckInput, all: readonly Placed[]): Claim[] {
  return all
    .filter(({ workload, nodes }) => nodes.length > 0 && onHostNetwork(input.desired, workload))
    .flatMap((placed) => placed.workload.ports.map((port) => ({ placed, port })));
}

function portKey({ port, protocol }: Pick<Port, 'port' | 'protocol'>): string {
  return `${port}/${protocol}`;
}

/** A node's own variant of a workload is not another component: it stands in its place there. */
function apart(a: Claim, b: Claim): boolean {
  return baseOf(a.placed.workload.id) !== baseOf(b.placed.workload.id);
}

function alike(a: Port, b: Port): Finding {
  return {
    code: 'KLG-204',
    severity: 'error',
    message: `the endpoints ${a.endpoint} and ${b.endpoint} both listen on port ${portKey(a)}`,
  };
}

function twoServices({ desired }: CheckInput, a: Claim, b: Claim): Finding[] {
  if (a.placed.workload.service === b.placed.workload.service) return [];
  const nodes = common(a.placed, b.placed);
  if (nodes.length === 0) return [];
  const [one, other] = [a.placed.workload.id, b.placed.workload.id];
  return [
    {
      code: 'KLG-401',
      severity: 'error',
      message: `${one} and ${other} would both listen on port ${portKey(a.port)}${onNodes(desired, nodes)}`,
    },
  ];
}

function taken(input: CheckInput, claims: ReadonlyMap<string, readonly Claim[]>): Finding[] {
  const nodes = input.observed.nodes?.filter((node) => (node.listeners ?? []).length > 0) ?? [];
  if (nodes.length === 0) return [];
  const before = Map.groupBy(
    workloadsOf(input.last).flatMap((workload) =>
      workload.ports.map((port) => ({ workload, key: portKey(port) })),
    ),
    ({ key }) => key,
  );
  const isOurs = (node: string, key: string) =>
    before.get(key)?.some(({ workload }) => workload.placement.nodes.includes(node)) ?? false;
  const endpoints = new Map<string, Endpoint>();
  for (const resource of input.desired.resources)
    if (resource.kind === 'endpoint') endpoints.set(resource.id, resource);
  const found = new Map<string, { claim: Claim; listener: Listener; nodes: string[] }>();
  for (const node of nodes) {
    for (const listener of node.listeners ?? []) {
      const key = portKey(listener);
      const claim = claims.get(key)?.find(({ placed }) => placed.nodes.includes(node.name));
      if (!claim || isOurs(node.name, key)) continue;
      if (!meets(endpoints.get(claim.port.endpoint)?.host, listener.address)) continue;
      const group = found.get(`${key} ${listener.process}`);
      if (!group) found.set(`${key} ${listener.process}`, { claim, listener, nodes: [node.name] });
      else if (!group.nodes.includes(node.name)) group.nodes.push(node.name);
    }
  }
  return [...found.values()].map(({ claim, listener, nodes: where }) => ({
    code: 'KLG-401',
    severity: 'error',
    message: `port ${portKey(claim.port)} of ${claim.placed.workload.id} is taken on ${nodesText(where)} by ${listener.process ?? 'another process'}`,
  }));
}

/**
 * Whether a listener at an address stands against one at a host: not where both are addresses, and different ones.
 */
function meets(host: string | undefined, address: string): boolean {
  if (host === undefined || host === address || wildcard.has(address)) return true;
  return !/^[\d.]+$|:/.test(host) || wildcard.has(host);
}

const wildcard: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*', '']);
