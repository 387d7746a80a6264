import type { Workload } from '../model/resource.ts';
import { numbersOf } from '../model/slots.ts';
import type { Engine } from './engine.ts';

/** The number of an instance, by its name; 1 where it has no other one beside it. */
export function numberOf(
  engine: Pick<Engine, 'instanceName'>,
  deployment: string,
  workload: Workload,
  instance: string,
): number {
  const has = (number: number) => engine.instanceName(deployment, workload.id, number) === instance;
  return numbersOf(workload).find(has) ?? 1;
}
