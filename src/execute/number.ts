import type { Engine } from '../engines/engine.ts';
import type { Workload } from '../model/resource.ts';
import { slotsOf } from '../model/slots.ts';

/** The number of an instance, by its name: behind a balancer that of its slot. */
export function numberOf(
  engine: Pick<Engine, 'instanceName'>,
  deployment: string,
  workload: Workload,
  instance: string,
): number {
  const has = (number: number) => engine.instanceName(deployment, workload.id, number) === instance;
  return slotsOf(workload).find(has) ?? 1;
}
