import type { Located } from '../model/catalog.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import type { Finding } from '../model/error.ts';
import type { ErrorCode } from '../model/errors.ts';
import type { DesiredNode } from '../model/resource.ts';
import { parseSize } from '../model/size.ts';
import { expandRanges, isHostName } from './node-names.ts';
import type { Roles } from './roles.ts';

type Settings = DeploymentFile['nodes'][string];
const maxNodes = 10_000;

/**
 * The nodes of a deployment, sorted by name: ranges written out (node-names.ts), roles made of roles too. Without any, one node
 * `localhost` with every role. Ranges in `address` run along with those in the name.
 * Findings: KLG-105 for unknown roles; KLG-104 for ranges, names and addresses that cannot be, a node that stands twice, and
 * more than 10,000 nodes.
 */
export function expandNodes(
  file: Located<DeploymentFile>,
  roles: Roles,
): { nodes: DesiredNode[]; findings: Finding[] } {
  const given = Object.entries(file.value.nodes);
  if (given.length === 0) {
    const everything = roles.writtenOut([...roles.names]);
    return {
      nodes: [{ name: 'localhost', roles: everything, address: null, memory: null, cpus: null }],
      findings: [],
    };
  }
  const findings: Finding[] = [];
  const nodes = new Map<string, DesiredNode>();
  for (const [pattern, settings] of given) {
    const complain = (message: string, path: readonly PropertyKey[] = [], code: ErrorCode = 'KLG-104') =>
      findings.push({ code, severity: 'error', message, place: file.at(['nodes', pattern, ...path]) });
    for (const [index, role] of settings.roles.entries()) {
      const wrong = roles.mistake(role);
      if (wrong !== undefined) complain(wrong, ['roles', index], 'KLG-105');
    }
    const names = expandRanges(pattern);
    if (typeof names === 'string') complain(names);
    else if (nodes.size + names.length > maxNodes) {
      complain(`there are more than ${maxNodes} nodes`);
      break;
    } else {
      const wrong = add(nodes, names, settings, roles);
      if (wrong) complain(wrong.message, wrong.path);
    }
  }
  return { nodes: [...nodes.values()].sort((a, b) => (a.name < b.name ? -1 : 1)), findings };
}

interface Wrong {
  readonly message: string;
  readonly path?: readonly string[];
}

function add(
  nodes: Map<string, DesiredNode>,
  names: readonly string[],
  settings: Settings,
  roles: Roles,
): Wrong | undefined {
  const addresses = settings.address === undefined ? null : expandRanges(settings.address);
  if (typeof addresses === 'string') return { message: addresses, path: ['address'] };
  if (addresses && addresses.length !== names.length) {
    const message = `${count(names, 'name')} and ${count(addresses, 'address')}: each node needs one of its own`;
    return { message, path: ['address'] };
  }
  const shared = {
    roles: roles.writtenOut(settings.roles),
    memory: settings.memory === undefined ? null : parseSize(settings.memory),
    cpus: settings.cpus ?? null,
  };
  for (const [index, name] of names.entries()) {
    if (!isHostName(name))
      return { message: `${name} cannot be the name of a node: letters, digits, - and . only` };
    if (nodes.has(name)) return { message: `the node ${name} stands twice` };
    nodes.set(name, { name, ...shared, address: addresses?.[index] ?? null });
  }
  return undefined;
}

function count(things: readonly string[], word: 'name' | 'address'): string {
  return `${things.length} ${things.length === 1 ? word : `${word}${word === 'name' ? 's' : 'es'}`}`;
}
