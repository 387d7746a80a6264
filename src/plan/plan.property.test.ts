import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryDesired, arbitraryParts, observedFrom } from '../../test/arbitrary/desired.ts';
import type { Drift, Mode, Plan } from '../model/plan.ts';
import { type Desired, keyOf, type Resource, type ResourceKey, type Workload } from '../model/resource.ts';
import { actsOf } from './acts.ts';
import { buildGraph } from './graph/build.ts';
import { compareModes, strongest } from './mode.ts';
import { makePlan } from './plan.ts';
import { desiredOf, type TestWorkload, withApi } from './testing.ts';

test('nothing is to be done where all is as it shall be', () => {
  fc.assert(
    fc.property(arbitraryDesired, (desired) => {
      for (const observed of [{}, observedFrom(desired)])
        expect(makePlan({ desired, last: desired, observed }).changes).toEqual([]);
    }),
  );
});

test('from nothing, everything is created or run, and each once', () => {
  fc.assert(
    fc.property(arbitraryDesired, (desired) => {
      const { changes, summary } = makePlan({ desired, last: null, observed: {} });
      expect(changes.map(({ key }) => key).sort()).toEqual(desired.resources.map(keyOf));
      for (const { action, key } of changes) expect(action).toBe(key.startsWith('task:') ? 'run' : 'create');
      expect(summary.none).toBe(0);
    }),
  );
});

test('the changes, carried out, lead from the last state to the desired one', () => {
  fc.assert(
    fc.property(arbitraryDesired, arbitraryDesired, (last, desired) => {
      const plan = makePlan({ desired, last, observed: {} });
      expect(carriedOut(plan, last, desired)).toEqual(essence(desired.resources));
    }),
  );
});

test('what was carried out and observed so leaves nothing to do for processes, whatever was written down last', () => {
  fc.assert(
    fc.property(arbitraryDesired, arbitraryDesired, (last, desired) => {
      const observed = observedFrom(desired);
      const { changes } = makePlan({ desired, last, observed });
      const touching = changes.filter(
        ({ key, action, mode, instances }) =>
          /^(workload|task):/.test(key) &&
          instances > 0 &&
          (action === 'run' || action === 'create' || mode !== 'in-place'),
      );
      expect(touching).toEqual([]);
    }),
  );
});

test('what is needed comes before what needs it, and goes after it', () => {
  fc.assert(
    fc.property(arbitraryDesired, arbitraryDesired, (last, desired) => {
      const { changes } = makePlan({ desired, last, observed: {} });
      const place = new Map(changes.map(({ key }, index) => [key, index]));
      const going = new Set(changes.flatMap(({ key, action }) => (action === 'delete' ? [key] : [])));
      const coming = (key: ResourceKey) => place.has(key) && !going.has(key);
      for (const { from, to } of buildGraph(desired).edges)
        if (coming(from) && coming(to)) expect(place.get(from)).toBeLessThan(Number(place.get(to)));
      for (const { from, to } of buildGraph(last).edges)
        if (going.has(from) && going.has(to)) expect(place.get(to)).toBeLessThan(Number(place.get(from)));
      const firstGoing = changes.findIndex(({ action }) => action === 'delete');
      if (firstGoing >= 0)
        expect(changes.slice(firstGoing).every(({ action }) => action === 'delete')).toBe(true);
    }),
  );
});

test('one changed input changes its workload and nothing else that runs', () => {
  fc.assert(
    fc.property(arbitraryParts, fc.nat(), fc.boolean(), (parts, pick, byFile) => {
      const workloads = parts.workloads ?? [];
      fc.pre(workloads.length > 0);
      const chosen = workloads[pick % workloads.length];
      const files = [{ name: 'new.conf', content: 'x\n' }];
      const changed = workloads.map((workload) =>
        workload === chosen ? { ...workload, ...(byFile ? { files } : { image: 'image:3' }) } : workload,
      );
      const plan = makePlan({
        desired: desiredOf({ ...parts, workloads: changed }),
        last: desiredOf(parts),
        observed: {},
      });
      const touched = new Set(plan.changes.map(({ key }) => key.slice(key.indexOf(':') + 1)));
      expect([...touched]).toEqual([chosen?.id]);
    }),
  );
});

test('what somebody changed by hand is acted on as its remedy says, and nothing else is', () => {
  const remedy = fc.constantFrom<Drift['remedy']>(
    'in-place',
    'replace',
    { file: 'a.conf' },
    { file: 'gone' },
  );
  fc.assert(
    fc.property(
      arbitraryDesired,
      fc.array(fc.tuple(fc.nat(), remedy), { maxLength: 4 }),
      (desired, harms) => {
        const { instances = [], ...rest } = observedFrom(desired);
        const harmed = new Map<number, Drift[]>();
        for (const [nth, remedy] of instances.length > 0 ? harms : []) {
          const at = nth % instances.length;
          harmed.set(at, [...(harmed.get(at) ?? []), { text: 'changed', remedy }]);
        }
        const seen = instances.map((one, at) => ({ ...one, drift: harmed.get(at) ?? [] }));
        const { changes } = makePlan({ desired, last: desired, observed: { ...rest, instances: seen } });
        const hit = new Set([...harmed.keys()].map((at) => `workload:${instances[at]?.workload}`));
        expect(new Set(changes.map(({ key }) => key))).toEqual(hit);
        const acts = actsOf(desired, desired, new Map());
        for (const [at, drift] of harmed) {
          const [instance, workload] = [seen[at], seen[at] && workloadOf(desired, seen[at].workload)];
          const mode = instance && workload && acts.modeOf(workload, instance);
          const modes = drift.map(({ remedy }) =>
            typeof remedy === 'string' ? remedy : ruleOf(desired, workload, remedy.file),
          );
          expect(mode).toBe(strongest(...modes));
        }
      },
    ),
  );
});

function workloadOf({ resources }: Desired, id: string): Workload | undefined {
  return resources.find((one): one is Workload => one.kind === 'workload' && one.id === id);
}

/** What a changed file of a workload does to it. */
function ruleOf({ resources }: Desired, workload: Workload | undefined, name: string): Mode {
  const bundle = resources.find((one) => one.kind === 'config' && one.id === workload?.id);
  const file = bundle?.kind === 'config' ? bundle.files.find((one) => one.name === name) : undefined;
  if (!file || file.onChange === 'nothing') return 'in-place';
  return file.onChange === 'reload' && !workload?.reload ? 'restart' : file.onChange;
}

test('the order of the input does not matter', () => {
  fc.assert(
    fc.property(arbitraryDesired, arbitraryDesired, fc.integer(), (last, desired, seed) => {
      const observed = observedFrom(last);
      const mixed = {
        tasks: shuffle(observed.tasks ?? [], seed),
        instances: shuffle(observed.instances ?? [], seed),
      };
      const again = makePlan({
        desired: shuffled(desired, seed),
        last: shuffled(last, seed + 1),
        observed: mixed,
      });
      expect(again).toEqual(makePlan({ desired, last, observed }));
    }),
  );
});

test('more that changes never disturbs less', () => {
  const steps: readonly Partial<TestWorkload>[] = [
    { resources: { memory: 1, cpus: 1 } },
    { files: [{ name: 'web.conf', content: 'x = 9\n', onChange: 'nothing' }] },
    { env: { A: '1' } },
    { image: 'image:2' },
    { stop: { signal: 'INT', command: null, grace: 1 } },
  ];
  const modeOf = (replicas: number, strategy: 'rolling' | 'recreate', chosen: readonly number[]): Mode => {
    const base = { scale: { replicas }, update: { strategy, maxUnavailable: 1, surge: 0, batch: 1 } };
    const all = Object.assign({}, base, ...chosen.map((at) => steps[at]));
    const nodes = ['a', 'b', 'c'];
    const plan = makePlan({
      desired: desiredOf(withApi(all, { nodes })),
      last: desiredOf(withApi(base, { nodes })),
      observed: {},
    });
    return plan.changes.find(({ key }) => key === 'workload:web/api')?.mode ?? 'in-place';
  };
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom('rolling' as const, 'recreate' as const),
      fc.subarray([0, 1, 2, 3, 4]),
      fc.nat(4),
      (replicas, strategy, fewer, one) => {
        const [less, more] = [modeOf(replicas, strategy, fewer), modeOf(replicas, strategy, [...fewer, one])];
        expect(compareModes(less, more)).toBeLessThanOrEqual(0);
      },
    ),
  );
});

/** What a plan's changes make of the last state, taking what they set from the desired one. */
function carriedOut({ changes }: Plan, last: Desired, desired: Desired): Resource[] {
  const wanted = new Map(desired.resources.map((resource) => [keyOf(resource), resource]));
  const state = new Map(last.resources.map((resource) => [keyOf(resource), resource]));
  for (const { key, action } of changes) {
    const resource = wanted.get(key);
    if (action === 'delete' || !resource) state.delete(key);
    else state.set(key, resource);
  }
  return essence([...state.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)));
}

/** Without what may differ while nothing is to be done: nodes on which an instance could be, but is not. */
function essence(resources: readonly Resource[]): Resource[] {
  return resources.map((resource) =>
    'placement' in resource
      ? {
          ...resource,
          placement: { ...resource.placement, nodes: [] },
          inputs: {},
          config: null,
          secrets: [],
        }
      : resource,
  );
}

function shuffled(desired: Desired, seed: number): Desired {
  return { ...desired, resources: shuffle(desired.resources, seed) };
}

function shuffle<T>(list: readonly T[], seed: number): T[] {
  return list
    .map((item, index) => ({ item, key: Math.sin(seed + index * 12.9898) }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
