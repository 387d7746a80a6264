import { hostname, networkInterfaces } from 'node:os';
import { KollageError } from '../../model/error.ts';
import { fillTokens } from '../../model/token.ts';

/**
 * Fills what only the node knows. On one host Kollage is on the node itself, so that files need not be copied and filled inside each
 * container, where not every user may read them. KLG-405 for an interface that this host does not have.
 */
export function fillNode(text: string): string {
  if (!text.includes('@{node.')) return text;
  return fillTokens(text, ({ kind, name }) => {
    if (kind !== 'node') return undefined;
    if (name === 'name') return hostname();
    const [, wanted] = name.split(':');
    return name.startsWith('address') ? address(wanted) : undefined;
  });
}

/** The address of an interface, IPv4 before IPv6; of the first one that leads out when none is named. */
function address(wanted: string | undefined): string {
  const all = networkInterfaces();
  const names = wanted === undefined ? Object.keys(all) : [wanted];
  const found = names
    .flatMap((name) => all[name] ?? [])
    .filter((entry) => wanted !== undefined || !entry.internal);
  const best = found.find(({ family }) => family === 'IPv4') ?? found[0];
  if (best) return best.address;
  if (wanted === undefined) return '127.0.0.1';
  throw new KollageError({
    code: 'KLG-405',
    message: `this host has no interface ${wanted} with an address; there are ${Object.keys(all).join(', ')}`,
  });
}
