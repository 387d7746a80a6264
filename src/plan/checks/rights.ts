import type { Finding } from '../../model/error.ts';
import { nodesText } from '../reasons/nodes.ts';
import type { CheckInput, Placed } from './placed.ts';

/**
 * KLG-405: Linux capabilities and devices that a component needs and a node does not have. Of a node where they
 * were not looked at, nothing is said. `ALL` stands for what there is.
 */
export function checkRights({ observed }: CheckInput, all: readonly Placed[]): Finding[] {
  const nodes = new Map(
    (observed.nodes ?? []).map((node) => [
      node.name,
      {
        capabilities: node.capabilities && new Set(node.capabilities.map(bare)),
        devices: node.devices && new Set(node.devices),
      },
    ]),
  );
  if (nodes.size === 0) return [];
  const found = new Map<string, { id: string; what: string; nodes: string[] }>();
  for (const { workload, nodes: where } of all) {
    const capabilities = workload.privileges.capabilities.map(bare).filter((name) => name !== 'ALL');
    // A device may be written SOURCE:TARGET:RIGHTS.
    const devices = workload.privileges.devices.map((device) => device.split(':')[0] ?? device);
    if (capabilities.length + devices.length === 0) continue;
    for (const name of where) {
      const node = nodes.get(name);
      const missing = [
        ...capabilities.filter((capability) => node?.capabilities && !node.capabilities.has(capability)),
        ...devices.filter((device) => node?.devices && !node.devices.has(device)),
      ];
      if (missing.length === 0) continue;
      const what = missing.join(', ');
      const group = found.get(`${workload.id} ${what}`);
      if (group) {
        // Instances on one node stand next to each other.
        if (group.nodes.at(-1) !== name) group.nodes.push(name);
      } else found.set(`${workload.id} ${what}`, { id: workload.id, what, nodes: [name] });
    }
  }
  return [...found.values()].map((group) => ({
    code: 'KLG-405',
    severity: 'error',
    message: `${group.id} needs ${group.what}, which containers on ${nodesText(group.nodes)} cannot have`,
  }));
}

function bare(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, '');
}
