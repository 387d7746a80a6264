import type { Desired, Process } from '../model/resource.ts';

/**
 * Engines whose containers have addresses of their own unless they ask for their node's
 * (src/engines/<engine>/traits.ts).
 */
const ownAddresses: ReadonlySet<string> = new Set(['kubernetes']);

/** Whether a process shares its node's network, so that its ports are the node's. */
export function onHostNetwork(desired: Pick<Desired, 'engine'>, process: Process): boolean {
  return process.privileges.hostNetwork || !ownAddresses.has(desired.engine);
}
