import { expect, test } from 'vitest';
import type { Observed } from '../model/plan.ts';
import { makePlan } from './plan.ts';
import { desiredOf, type TestWorkload } from './testing.ts';

const state = (more: Partial<TestWorkload> = {}) =>
  desiredOf({
    engine: 'kubernetes',
    workloads: [{ id: 'a/x', scale: { each: 'node' }, placement: { role: 'r', nodes: ['n', 'm'] }, ...more }],
  });

/** What is planned from one state to another while the node m is away. */
function found(more: Partial<TestWorkload>, last = state()): string[] {
  const [was] = last.resources.flatMap((one) => (one.kind === 'workload' ? [one] : []));
  const instance = { workload: 'a/x', fingerprint: was?.fingerprint ?? '', state: 'running' as const };
  const observed: Observed = {
    instances: [
      { ...instance, node: 'n' },
      { ...instance, node: 'm', away: 'its node m does not answer' },
    ],
  };
  const plan = makePlan({ desired: state(more), last, observed });
  return plan.findings.map(({ code, severity, message }) => `${code} ${severity} ${message}`);
}

test('what is on each node is not made anew while one of them is away', () => {
  const message = 'a/x is to be changed on each node: its node m does not answer';
  expect(found({ image: 'another' })).toEqual([`KLG-411 error ${message}`]);
});

test('what stays as it is, loses that node, or may be anywhere does not mind', () => {
  expect(found({})).toEqual([]);
  expect(found({ image: 'another', placement: { role: 'r', nodes: ['n'] } })).toEqual([]);
  const anywhere = { scale: { replicas: 2 } };
  expect(found({ image: 'another', ...anywhere }, state(anywhere))).toEqual([]);
});
