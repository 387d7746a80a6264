import { expect, test } from 'vitest';
import { observedOf, platform } from '../../bench/platform.ts';
import { compile } from '../compile/compile.ts';
import { runChecks } from './checks/checks.ts';
import { makePlan } from './plan.ts';

/*
 * bench/scale.ts measures; this only notices when something has become quadratic, on any machine: eight times the
 * nodes may take eight times as long, and some more for what others do on it. Quadratic would be 64 times.
 */
test('planning and checking grow with the nodes, not with their square', () => {
  const time = (nodes: number) => {
    const last = compile(platform(nodes)).desired;
    const desired = compile(platform(nodes, '2')).desired;
    const observed = observedOf(last);
    return least(7, () => {
      const plan = makePlan({ desired, last, observed });
      expect(plan.summary.update).toBe(40);
      expect(plan.changes.find(({ key }) => key === 'workload:service-0/api')?.instances).toBe(nodes);
      expect(runChecks({ desired, last, observed })).toEqual([]);
    });
  };
  time(250);
  expect(time(2000) / time(250)).toBeLessThan(32);
}, 60_000);

function least(runs: number, work: () => void): number {
  return Math.min(
    ...Array.from({ length: runs }, () => {
      const begun = performance.now();
      work();
      return performance.now() - begun;
    }),
  );
}
