import type { Desired, Process } from '../model/resource.ts';

/** Whether a process shares its node's network, so that its ports are the node's. */
export function onHostNetwork(desired: Pick<Desired, 'network'>, process: Process): boolean {
  return process.privileges.hostNetwork || desired.network === 'host';
}
