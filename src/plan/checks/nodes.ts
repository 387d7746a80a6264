import type { Finding } from '../../model/error.ts';
import type { ResourceKey } from '../../model/resource.ts';
import { graphKey } from '../graph/build.ts';
import type { Graph } from '../graph/types.ts';
import { onHostNetwork } from '../network.ts';
import { nodesText } from '../reasons/nodes.ts';
import { baseOf } from '../side.ts';
import type { CheckInput, Placed } from './placed.ts';

/**
 * KLG-404: a component whose role no node has (an error when it has replicas or another waits for it, else a
 * warning, for nodes may come later), or more replicas on a port than nodes to listen on.
 */
export function checkNodes({ desired }: CheckInput, graph: Graph, all: readonly Placed[]): Finding[] {
  const awaited = new Set(graph.edges.map((edge) => edge.from));
  return all.flatMap(({ workload }): Finding[] => {
    const { id, scale, placement, ports } = workload;
    const replicas = 'replicas' in scale ? scale.replicas : 0;
    if (placement.nodes.length === 0) {
      if ('replicas' in scale && replicas === 0) return [];
      const must = replicas > 0 || awaited.has(`workload:${baseOf(id)}`);
      const message = `no node has the role ${placement.role}, on which ${id} runs`;
      return [{ code: 'KLG-404', severity: must ? 'error' : 'warning', message }];
    }
    const fixed = ports.find(({ slot }) => slot === undefined);
    if (replicas <= placement.nodes.length || !fixed || !onHostNetwork(desired, workload)) return [];
    const has =
      placement.nodes.length === 1 ? 'only 1 node has' : `only ${placement.nodes.length} nodes have`;
    return [
      {
        code: 'KLG-404',
        severity: 'error',
        message: `${id} has ${replicas} replicas that listen on port ${fixed.port} of their node, but ${has} the role ${placement.role}`,
        next: 'Scale it down, give the role to more nodes, or turn a load balancer on that stands in front of it, where the catalog has one.',
      },
    ];
  });
}

/** KLG-409: a workload that needs another on its own node, where that does not run. Linear in instances. */
export function checkSameNode(graph: Graph, all: readonly Placed[]): Finding[] {
  const byKey = Map.groupBy(all, ({ workload }) => graphKey(workload));
  return graph.edges
    .filter((edge) => edge.onNode)
    .flatMap(({ from, to }): Finding[] => {
      const there = byKey.get(from) ?? [];
      const lists = new Set(there.map(({ nodes }) => nodes));
      // Lists of nodes are shared between components of a role: mostly there is nothing to compare.
      const open = (byKey.get(to) ?? []).filter(({ nodes }) => !lists.has(nodes));
      if (open.length === 0) return [];
      const present = new Set(there.flatMap(({ nodes }) => nodes));
      const missing = [...new Set(open.flatMap(({ nodes }) => nodes))].filter((node) => !present.has(node));
      if (missing.length === 0) return [];
      const [waiter, needed] = [idOf(to), idOf(from)];
      const message = `${waiter} needs ${needed} on its own node, but ${needed} does not run on ${nodesText(missing)}`;
      return [{ code: 'KLG-409', severity: 'error', message }];
    });
}

function idOf(key: ResourceKey): string {
  return key.slice(key.indexOf(':') + 1);
}
