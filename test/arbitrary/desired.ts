import fc from 'fast-check';
import type { Observed } from '../../src/model/plan.ts';
import type { Desired, Need, Workload } from '../../src/model/resource.ts';
import { assign } from '../../src/plan/instances.ts';
import {
  desiredOf,
  needs,
  type TestDesired,
  type TestTask,
  type TestWorkload,
} from '../../src/plan/testing.ts';

/*
 * Random desired states, small enough to shrink well and rich enough to meet everything that a plan compares.
 */

const nodeNames = ['n1', 'n2', 'n3', 'n4', 'n5'];
const image = fc.constantFrom('image:1', 'image:2');
const secretNames = ['pass', 'token'];

const file = fc.record({
  name: fc.constantFrom('a.conf', 'b.conf', 'c.yaml'),
  content: fc.constantFrom('', 'x = 1\n', 'x = 2\n', '[s]\nx = @{secret.pass}\n', 'a\nb\nc\nd\ne\nf\ng\nh\n'),
  onChange: fc.constantFrom('nothing' as const, 'reload' as const, 'restart' as const, 'replace' as const),
  mode: fc.constantFrom('0600', '0644'),
});

const process = {
  image,
  env: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('1', '@{secret.token}'), { maxKeys: 2 }),
  command: fc.constantFrom(['run'], ['run', '-v']),
  files: fc.uniqueArray(file, { selector: ({ name }) => name, maxLength: 3 }),
  secrets: fc.subarray(secretNames),
};

const update = fc.record({
  strategy: fc.constantFrom('rolling' as const, 'recreate' as const, 'blue-green' as const),
  maxUnavailable: fc.nat(3),
  surge: fc.nat(1),
  batch: fc.integer({ min: 1, max: 3 }),
});

const workload = fc.record({
  ...process,
  start: fc.constantFrom('kolla' as const, 'plain' as const),
  scale: fc.oneof(fc.record({ replicas: fc.nat(6) }), fc.constant({ each: 'node' as const })),
  update,
  reload: fc.constantFrom(null, { signal: 'HUP', command: null }),
  resources: fc.record({ memory: fc.constantFrom(null, 2 ** 20), cpus: fc.constantFrom(null, 1) }),
});

const task = fc.record({
  ...process,
  each: fc.constantFrom('deployment' as const, 'node' as const),
  timeout: fc.constantFrom(10, 20),
});

const ids = ['s0/a', 's0/b', 's1/a', 's1/b', 's2/a', 's2/b', 's3/a'];

/**
 * For each process the numbers of the processes that it needs, all of which come before it: so there are no
 * circles.
 */
const graph = fc.tuple(
  ...ids.map((_, index) =>
    fc.subarray(
      ids.slice(0, index).map((_id, at) => at),
      { maxLength: Math.min(3, index) },
    ),
  ),
);

/** The parts of a random desired state: up to seven processes on up to five nodes, without circles of needs. */
export const arbitraryParts: fc.Arbitrary<TestDesired> = fc
  .record({
    engine: fc.constantFrom('docker', 'kubernetes'),
    nodes: fc.subarray(nodeNames, { minLength: 1 }),
    kinds: fc.array(fc.constantFrom('workload' as const, 'task' as const, 'none' as const), {
      minLength: ids.length,
      maxLength: ids.length,
    }),
    workloads: fc.tuple(...ids.map(() => workload)),
    tasks: fc.tuple(...ids.map(() => task)),
    needed: graph,
    volumes: fc.subarray(['s0/data', 's1/data']),
    secrets: fc.record({ pass: fc.constantFrom('p1', 'p2'), token: fc.constantFrom('t1', 't2') }),
  })
  .map(({ kinds, needed, ...parts }) => {
    const kindOf = (at: number) => kinds[at] ?? 'none';
    const needsOf = (at: number): Need[] =>
      (needed[at] ?? []).flatMap((other): Need[] => {
        const id = ids[other] ?? '';
        if (kindOf(other) === 'none') return [];
        return [kindOf(other) === 'task' ? { kind: 'task', task: id } : needs(id)];
      });
    const of = <T>(kind: string, all: readonly T[]) =>
      ids.flatMap((id, at) => {
        const part = all[at];
        return kindOf(at) === kind && part !== undefined ? [{ ...part, id, needs: needsOf(at) }] : [];
      });
    const workloads: TestWorkload[] = of('workload', parts.workloads);
    const tasks: TestTask[] = of('task', parts.tasks);
    const endpoints = workloads.map(({ id }) => ({ id, port: 1000 + ids.indexOf(id) }));
    return { ...parts, workloads, tasks, endpoints };
  });

/** A random desired state. */
export const arbitraryDesired: fc.Arbitrary<Desired> = arbitraryParts.map(desiredOf);

/** What an engine would tell of a state that was carried out and runs well. */
export function observedFrom(desired: Desired): Observed {
  const workloads = desired.resources.filter(
    (resource): resource is Workload => resource.kind === 'workload',
  );
  return {
    instances: workloads.flatMap((workload) =>
      assign(workload).map((node) => ({
        workload: workload.id,
        node,
        fingerprint: workload.fingerprint,
        state: 'running' as const,
      })),
    ),
    tasks: desired.resources.flatMap((resource) =>
      resource.kind === 'task' ? [{ id: resource.id, fingerprint: resource.fingerprint }] : [],
    ),
  };
}
