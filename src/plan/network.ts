import type { Desired, Process, Workload } from '../model/resource.ts';
import { numbersOf } from '../model/slots.ts';

/** Whether a process shares its node's network, so that its ports are the node's. */
export function onHostNetwork(desired: Pick<Desired, 'network'>, process: Process): boolean {
  return process.privileges.hostNetwork || desired.network === 'host';
}

/** Whether a new instance can come up beside an old one of the same node: each has an address, or a slot behind the balancer, or no port at all. */
export function standBeside(desired: Pick<Desired, 'network'>, workload: Workload): boolean {
  return !onHostNetwork(desired, workload) || numbersOf(workload).length > 0;
}
