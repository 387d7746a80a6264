import { expect, test } from 'vitest';
import { compile } from '../src/compile/compile.ts';
import { docker } from '../src/engines/docker/traits.ts';
import { runChecks } from '../src/plan/checks/checks.ts';
import { buildGraph } from '../src/plan/graph.ts';
import { makePlan } from '../src/plan/plan.ts';
import { everything } from '../test/catalog/everything.ts';

/* The whole OpenStack catalog on one node, against taking its desired state to JSON and back in the same run. */
test('the whole OpenStack on one node', async ({ bench }) => {
  const input = { ...everything('2025.1'), engine: docker };
  const { desired } = compile(input);
  const other = compile({ ...input, deployment: { ...input.deployment, release: '2026.2' } }).desired;
  const whole = () => {
    const compiled = compile(input).desired;
    return [
      makePlan({ desired: compiled, last: other, observed: {} }),
      runChecks({ desired: compiled, last: other, observed: {} }),
    ];
  };
  const result = await bench.compare(
    bench('baseline: its state to JSON and back', () => JSON.parse(JSON.stringify(desired))),
    bench('compile', () => compile(input)),
    bench('plan, first', () => makePlan({ desired, last: null, observed: {} })),
    bench('plan, nothing to do', () => makePlan({ desired, last: desired, observed: {} })),
    bench('plan, another release', () => makePlan({ desired, last: other, observed: {} })),
    bench('checks', () => runChecks({ desired, last: null, observed: {} })),
    bench('graph', () => buildGraph(desired)),
    bench('compile, plan and checks', whole),
    { time: 500, iterations: 10, warmupTime: 100 },
  );
  // The least, since others work on the same machine.
  expect(result.get('compile, plan and checks').latency.min).toBeLessThan(100);
}, 120_000);
