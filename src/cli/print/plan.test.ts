import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryDesired } from '../../../test/arbitrary/desired.ts';
import type { Plan } from '../../model/plan.ts';
import { makePlan } from '../../plan/plan.ts';
import { desiredOf, needs, planOf, type TestDesired, withApi } from '../../plan/testing.ts';
import { printPlan } from './plan.ts';

const plain = { colour: false, width: 100 };

const before: TestDesired = {
  nodes: ['n1'],
  endpoints: [
    { id: 'web/public', port: 80, workload: 'web/api' },
    { id: 'db/main', port: 3306, workload: 'db/server' },
  ],
  workloads: [
    { id: 'db/server', image: 'shop/db:1' },
    { id: 'old/thing', image: 'shop/old:1' },
    {
      id: 'web/api',
      image: 'shop/web:1',
      env: { LEVEL: 'info' },
      secrets: ['pass'],
      needs: [needs('db/main')],
      files: [{ name: 'web.conf', content: '[a]\nx = 1\np = @{secret.pass}\n' }],
    },
    { id: 'web/worker', image: 'shop/web:1', files: [{ name: 'web.conf', content: '[a]\nx = 1\n' }] },
  ],
  secrets: { pass: 'first' },
  volumes: ['old/data'],
};
const after: TestDesired = {
  ...before,
  nodes: ['n1', 'n2'],
  workloads: [
    { id: 'db/server', image: 'shop/db:1', scale: { replicas: 2 } },
    { id: 'new/app', image: 'shop/app:1' },
    { id: 'new/side', image: 'shop/side:1', scale: { replicas: 2 } },
    {
      id: 'web/api',
      image: 'shop/web:2',
      env: { LEVEL: 'debug' },
      secrets: ['pass'],
      needs: [needs('db/main')],
      files: [{ name: 'web.conf', content: '[a]\nx = 2\np = @{secret.pass}\n' }],
    },
    { id: 'web/worker', image: 'shop/web:1', files: [{ name: 'web.conf', content: '[a]\nx = 2\n' }] },
  ],
  tasks: [{ id: 'new/sync', image: 'shop/app:1' }],
  secrets: { pass: 'second' },
  volumes: [],
};

test('a plan with all kinds of changes', () => {
  const plan = planOf(before, after);
  const findings: Plan['findings'] = [
    ...plan.findings,
    { code: 'KLG-401', severity: 'error', message: 'port 80 is taken' },
    { code: 'KLG-401', severity: 'error', message: 'port 81 is taken' },
  ];
  expect(printPlan({ ...plan, findings }, plain)).toMatchInlineSnapshot(`
    "db
      ~ server  changes in place  1 instance on n2
          replicas: 1 -> 2
          comes to n2

    web
      ↻ worker  restarts  1 instance on n1
          web.conf
            @@ -1,2 +1,2 @@
             [a]
            -x = 1
            +x = 2
      ↻ api  gets a new container  1 instance on n1
          image: shop/web:1 -> shop/web:2
          env.LEVEL: info -> debug
          web.conf
            @@ -1,3 +1,3 @@
             [a]
            -x = 1
            +x = 2
             p = @{secret.pass}
          the secret pass was changed

    old
      - thing  is taken away  1 instance on n1
      - data (volume)  is not used any more: kept until its deletion is confirmed

    New  images: shop/…:1
      + new  2 components, 3 instances, 1 task  app, side

    What it disturbs
      ! web/worker restarts on 1 of 1 instance: what it does waits meanwhile
      ! web/api is replaced on 1 of 1 instance: its endpoint http://127.0.0.1:80 does not answer meanwhile

    warning[KLG-407] nothing uses the volume old/data any more; it is kept with its data until its deletion is confirmed by name
    error[KLG-401] port 80 is taken
    error[KLG-401] port 81 is taken
      kept: Nothing was changed.
      next: Stop the other process, or give the component another port.

    Plan: 2 components to create, 2 to restart, 1 to change in place, 1 to take away, 1 task to run. Nothing else is disturbed.
    "
  `);
});

test('nothing to do', () => {
  expect(printPlan(planOf(after, after), plain)).toBe('Nothing to do: what is there is as described.\n');
});

describe('the summary', () => {
  test.each<[string, TestDesired | null, TestDesired, string]>([
    ['a first one', null, before, 'Plan: 4 components to create.'],
    [
      'in place',
      withApi({}),
      withApi({ resources: { memory: 1, cpus: 1 } }),
      'Plan: 1 to change in place. Nothing is disturbed.',
    ],
    [
      'a restart',
      withApi({}),
      withApi({ image: 'image:2' }),
      'Plan: 1 to restart. Nothing else is disturbed.',
    ],
    ['a task', null, { tasks: [{ id: 'a/t' }] }, 'Plan: 1 task to run.'],
    ['data only', { volumes: ['a/v'] }, {}, 'Plan: 1 change beside what runs. Nothing is disturbed.'],
  ])('%s', (_, from, to, expected) => {
    expect(printPlan(planOf(from, to), plain).trimEnd().split('\n').at(-1)).toBe(expected);
  });
});

test('a first deployment of many resources fits on a screen, and is whole with verbose', () => {
  const services = Array.from({ length: 20 }, (_, index) => `service-${index}`);
  const state: TestDesired = {
    workloads: services.flatMap((service) =>
      ['a', 'b', 'c'].map((name) => ({
        id: `${service}/${name}`,
        image: `r/${service}:1`,
        files: [{ name: 'x', content: '' }],
      })),
    ),
    tasks: services.map((service) => ({ id: `${service}/sync`, image: `r/${service}:1` })),
  };
  const short = printPlan(planOf(null, state), plain).trimEnd().split('\n');
  expect(short.length).toBeLessThan(25);
  expect(short[0]).toBe('New  images: r/…:1');
  expect(short).toContain('  + service-7   3 components, 1 task  service-7');
  const whole = printPlan(planOf(null, state), { ...plain, verbose: true });
  for (const { key } of planOf(null, state).changes) expect(whole).toContain(key.slice(key.indexOf('/') + 1));
});

test('long differences are cut, and whole with verbose', () => {
  const lines = (value: number) =>
    Array.from({ length: 200 }, (_, index) => `k${index} = ${value}\n`).join('');
  const plan = planOf(
    withApi({ files: [{ name: 'web.conf', content: lines(1) }] }),
    withApi({ files: [{ name: 'web.conf', content: lines(2) }] }),
  );
  expect(printPlan(plan, plain)).toContain('more lines (--verbose)');
  expect(printPlan(plan, plain).split('\n').length).toBeLessThan(60);
  expect(printPlan(plan, { ...plain, verbose: true })).toContain('+k199 = 2');
});

test('what somebody changed by hand stands with the node, and as it is and shall be', () => {
  const state = withApi({});
  const fingerprint = desiredOf(state).resources.flatMap((one) =>
    one.kind === 'workload' ? [one.fingerprint] : [],
  )[0];
  const drift = [
    {
      text: 'web.conf was changed by hand',
      diff: '@@ -1 +1 @@\n-x = 9\n+x = 1\n',
      remedy: { file: 'web.conf' },
    },
    { text: 'it was paused by hand', remedy: 'in-place' as const },
  ];
  const there = {
    workload: 'web/api',
    node: 'node-1',
    fingerprint: fingerprint ?? '',
    state: 'running' as const,
    drift,
  };
  const text = printPlan(planOf(state, state, { instances: [there] }), plain);
  expect(text).toContain('↻ api  restarts');
  expect(text).toContain(
    '      node-1: web.conf was changed by hand\n        @@ -1 +1 @@\n        -x = 9\n        +x = 1\n',
  );
  expect(text).toContain('      node-1: it was paused by hand\n');
});

test('what would steer the terminal is shown, not sent', () => {
  const plan = planOf(
    withApi({}),
    withApi({ env: { A: '\u001b[2J\nx' }, files: [{ name: 'web.conf', content: '\u001b]0;x\u0007\n' }] }),
  );
  const text = printPlan(plan, plain);
  expect(text).not.toContain('\u001b');
  expect(text).toContain('\\x1b[2J');
});

test('any plan can be printed: colours only when asked for, and the same text with them', () => {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
  fc.assert(
    fc.property(
      arbitraryDesired,
      arbitraryDesired,
      fc.boolean(),
      fc.integer({ min: 20, max: 200 }),
      (last, desired, verbose, width) => {
        const plan = makePlan({ desired, last, observed: {} });
        const text = printPlan(plan, { colour: false, width, verbose });
        expect(text).not.toMatch(escapes);
        expect(text).toMatch(/[^\n]\n$/);
        expect(printPlan(plan, { colour: true, width, verbose }).replace(escapes, '')).toBe(text);
      },
    ),
    { numRuns: 50 },
  );
});

test('a secret is named, its fingerprint never shown', () => {
  const text = printPlan(planOf(before, after), { ...plain, verbose: true });
  expect(text).toContain('the secret pass was changed');
  expect(text).not.toMatch(/first|second/);
});
