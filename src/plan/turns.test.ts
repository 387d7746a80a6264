import { describe, expect, test } from 'vitest';
import type { Need } from '../model/resource.ts';
import { makePlan } from './plan.ts';
import { desiredOf, needs, type TestDesired, type TestTask, type TestWorkload } from './testing.ts';
import { turns } from './turns.ts';

const task = (id: string): Need => ({ kind: 'task', task: id });

/** A store, a schema in it, who uses that, and a last task. Images and phases as told. */
function states(of: { readonly [id: string]: string }, contract: Partial<TestTask> = {}): TestDesired {
  const image = (id: string) => ({ id, image: of[id] ?? 'image:1' });
  const workloads: TestWorkload[] = [
    image('db/server'),
    { ...image('web/api'), needs: [task('web/sync'), needs('db/server')] },
  ];
  const tasks: TestTask[] = [
    { ...image('web/sync'), phase: 'expand', needs: [needs('db/server')] },
    { ...image('web/last'), phase: 'contract', needs: [needs('db/server')], ...contract },
  ];
  return { workloads, tasks, endpoints: [{ id: 'db/server', port: 1 }] };
}

function turnsOf(before: TestDesired | null, after: TestDesired): Record<string, readonly string[]> {
  const desired = desiredOf(after);
  const plan = makePlan({ desired, last: before && desiredOf(before), observed: {} });
  const all = turns(plan, desired, before && desiredOf(before));
  return Object.fromEntries([...all].filter(([, others]) => others.length > 0));
}

const all = { 'db/server': 'image:2', 'web/api': 'image:2', 'web/sync': 'image:2', 'web/last': 'image:2' };

test('what is new waits inside, and for nothing else', () => {
  expect(turnsOf(null, states({}))).toEqual({});
});

test('what serves is touched after the tasks that its successor needs, tasks begin after what they need, contract last', () => {
  expect(turnsOf(states({}), states(all))).toEqual({
    'workload:web/api': ['task:web/sync'],
    'task:web/sync': ['workload:db/server'],
    'task:web/last': ['workload:db/server', 'workload:web/api'],
  });
});

test('a contract task waits for its own service alone', () => {
  expect(turnsOf(states({}), states({ 'web/last': 'image:2' }))).toEqual({});
});

test('a contract task that something needs does not wait for that', () => {
  const needed = (images: { readonly [id: string]: string }): TestDesired => {
    const { workloads = [], ...rest } = states(images);
    return {
      ...rest,
      workloads: workloads.map((one) =>
        one.id === 'web/api' ? { ...one, needs: [...(one.needs ?? []), task('web/last')] } : one,
      ),
    };
  };
  expect(turnsOf(needed({}), needed(all))['task:web/last']).toEqual(['workload:db/server']);
});

describe('what goes', () => {
  const chain = (...ids: string[]): TestWorkload[] =>
    ids.map((id, at) => ({ id, needs: ids[at - 1] === undefined ? [] : [component(ids[at - 1] ?? '')] }));
  const component = (id: string): Need => ({ kind: 'component', component: id, on: 'any', probe });
  const probe = { type: 'file', path: '/up' } as const;

  test('waits for those that need it, directly or not', () => {
    expect(turnsOf({ workloads: chain('a/db', 'a/api', 'a/web') }, { workloads: [] })).toEqual({
      'workload:a/db': ['workload:a/web', 'workload:a/api'],
      'workload:a/api': ['workload:a/web'],
    });
  });

  test('waits for nobody who stays', () => {
    const all = chain('a/db', 'a/api');
    expect(turnsOf({ workloads: all }, { workloads: all.slice(0, 1) })).toEqual({});
  });

  test('together, when they need each other', () => {
    const circle = chain('a/one', 'a/two').map((one) =>
      one.id === 'a/one' ? { ...one, needs: [component('a/two')] } : one,
    );
    expect(turnsOf({ workloads: circle }, { workloads: [] })).toEqual({});
  });

  test('a balancer, which goes before all others, waits for none of them', () => {
    const [front, web] = chain('a/front', 'a/web');
    const balances = { join: ['join'], leave: ['leave'] };
    const before = {
      workloads: [
        { id: 'a/front', ...front, balances },
        { id: 'a/web', ...web },
      ],
    };
    expect(turnsOf(before, { workloads: [] })).toEqual({});
  });
});

describe('behind a balancer', () => {
  const slots = [1, 2].map((slot) => {
    return { endpoint: 'web/api', port: slot, protocol: 'tcp' as const, exposure: 'public' as const, slot };
  });
  const web = (image: string): TestWorkload => ({ id: 'web/api', image, ports: slots });
  const balancer = (image: string): TestWorkload => {
    return { id: 'front/server', image, balances: { join: ['join'], leave: ['leave'] } };
  };

  test('what changes waits for the balancer that is there', () => {
    const state = (image: string) => ({ workloads: [web(image), balancer(image)] });
    expect(turnsOf(state('image:1'), state('image:2'))).toEqual({
      'workload:web/api': ['workload:front/server'],
    });
  });

  test('a new balancer waits for those whose ports it takes, unless they wait for it', () => {
    const before = { workloads: [web('image:1')] };
    const behind = (more: Partial<TestWorkload> = {}) => ({
      workloads: [{ ...web('image:2'), ...more }, balancer('image:1')],
      endpoints: [{ id: 'front/server', port: 1 }],
    });
    expect(turnsOf(before, behind())).toEqual({ 'workload:front/server': ['workload:web/api'] });
    expect(turnsOf(before, behind({ needs: [needs('front/server')] }))).toEqual({});
  });
});
