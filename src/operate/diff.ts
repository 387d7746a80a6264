import type { Plan } from '../model/plan.ts';
import { makePlan } from '../plan/plan.ts';
import { prepare } from './prepare.ts';
import { reading, revisionOf } from './revisions.ts';

/**
 * What differs from one revision to another, or to what the folder says now, as a plan between the two. Asks no engine. KLG-105 for a
 * revision that is not there, KLG-507 when nothing was ever applied.
 */
export function diffOf(folder: string, from: number, to: number | undefined): Promise<Plan> {
  return reading(folder, async (state) => {
    const last = (await revisionOf(state, from)).desired;
    const desired =
      to === undefined ? (await prepare(folder)).desired : (await revisionOf(state, to)).desired;
    return { ...makePlan({ desired, last, observed: {} }), findings: [] };
  });
}
