import { expect, test } from 'vitest';
import type { AppDefinition, GroupDefinition } from '../schema.ts';
import { appsOf } from '../validate.ts';
import { restartStrategy } from './actions.ts';
import { filled } from './apps.ts';
import type { Condition, Instance } from './instances.ts';
import { selector } from './labels.ts';
import { planOf } from './plan.ts';
import { empty, type Root, reverted, withGroup, withoutGroup } from './root.ts';

const app = (id: string, more: Partial<AppDefinition> = {}): AppDefinition => ({ id, cmd: 'x', ...more });
const put = (root: Root, group: GroupDefinition, at: number) =>
  withGroup(root, group, new Date(at).toISOString());
const stepsOf = (before: Root, after: Root) =>
  planOf(before, after, '').steps.map((actions) =>
    actions.map(({ action, app }) => `${action} ${app.id}`).toSorted(),
  );

test('what goes is stopped, what comes is started, then all in the order of what they depend on', () => {
  const before = put(empty, { id: '/g', apps: [app('/g/a'), app('/g/gone'), app('/g/same')] }, 1);
  const groups = [{ id: '/g/db', apps: [app('/g/db/x')] }];
  const apps = [
    app('/g/a', { cmd: 'y', dependencies: ['/g/new'] }),
    app('/g/new', { dependencies: ['/g/db'] }),
    app('/g/same', { instances: 1 }),
  ];
  const after = put(before, { id: '/g', apps, groups }, 2);
  expect(stepsOf(before, after)).toEqual([
    ['StopApplication /g/gone'],
    ['StartApplication /g/db/x', 'StartApplication /g/new'],
    ['ScaleApplication /g/db/x'],
    ['ScaleApplication /g/new'],
    ['RestartApplication /g/a'],
  ]);
  expect(stepsOf(after, put(after, { id: '/g', apps, groups }, 3)), 'the same once more').toEqual([]);
});

test('a change of the number alone restarts nothing, and is no other version of what runs', () => {
  const before = put(empty, { id: '/g', apps: [app('/g/a')] }, 1);
  const after = put(before, { id: '/g', apps: [app('/g/a', { instances: 3 })] }, 2);
  expect(stepsOf(before, after)).toEqual([['ScaleApplication /g/a']]);
  expect(after.apps.get('/g/a')).toMatchObject({
    version: new Date(2).toISOString(),
    lastConfigChangeAt: new Date(1).toISOString(),
  });
});

test('groups and apps that an update says nothing of stay, others go', () => {
  const both = { id: '/g', apps: [app('/g/a')], groups: [{ id: '/g/h', apps: [app('/g/h/b')] }] };
  const root = put(empty, both, 1);
  expect(appsOf(both)).toHaveLength(2);
  expect([...put(root, { id: '/g', apps: [] }, 2).apps.keys()]).toEqual(['/g/h/b']);
  expect([...put(root, { id: '/g', groups: [] }, 2).apps.keys()]).toEqual(['/g/a']);
  expect([...withoutGroup(root, '/g/h').groups.keys()]).toEqual(['/', '/g']);
});

test('a deployment is taken back, and what others changed since stays', () => {
  const original = put(empty, { id: '/g', apps: [app('/g/a'), app('/g/gone')] }, 1);
  const target = put(
    original,
    { id: '/g', apps: [app('/g/a', { cmd: 'y' })], groups: [{ id: '/g/h', apps: [app('/g/h/b')] }] },
    2,
  );
  const now = put(target, { id: '/other', apps: [app('/other/c')] }, 3);
  const back = reverted(now, original, target, new Date(4).toISOString());
  expect([...back.apps.keys()].toSorted()).toEqual(['/g/a', '/g/gone', '/other/c']);
  expect(back.apps.get('/g/a')).toMatchObject({ cmd: 'x', version: new Date(4).toISOString() });
  expect([...back.groups.keys()].toSorted()).toEqual(['/', '/g', '/other']);
});

test.each([
  { instances: 4, min: 1, over: 1, healthy: 4, unwell: 0, expected: { toKillNow: 0, most: 8 } },
  { instances: 4, min: 0.5, over: 0, healthy: 4, unwell: 0, expected: { toKillNow: 2, most: 4 } },
  { instances: 1, min: 0, over: 0, healthy: 1, unwell: 0, expected: { toKillNow: 1, most: 1 } },
  { instances: 1, min: 1, over: 0, healthy: 1, unwell: 0, expected: { toKillNow: 0, most: 2 } },
  { instances: 1, min: 0, over: 0, healthy: 0, unwell: 1, expected: { toKillNow: 0, most: 1 } },
  { instances: 2, min: 1, over: 0, healthy: 3, unwell: 1, expected: { toKillNow: 2, most: 3 } },
])('a restart of $instances, $healthy well, $unwell not, at least $min and $over more', (one) => {
  const versions = { version: 'v', lastScalingAt: 'v', lastConfigChangeAt: 'v' };
  const upgradeStrategy = { minimumHealthCapacity: one.min, maximumOverCapacity: one.over };
  const healthChecks = [{ protocol: 'TCP' as const, port: 1 }];
  const spec = filled(app('/a', { instances: one.instances, upgradeStrategy, healthChecks }), versions);
  const health = {
    firstSuccess: 1,
    lastSuccess: 1,
    lastFailure: null,
    lastFailureCause: null,
    consecutiveFailures: 0,
  };
  const instance = (isWell: boolean): Instance => ({
    ...{ id: 'i', app: spec, goal: 'Running', since: 0, incarnation: 1, task: null },
    condition: 'Running' satisfies Condition,
    health: [isWell ? health : null],
  });
  const current = [
    ...Array.from({ length: one.healthy }, () => instance(true)),
    ...Array.from({ length: one.unwell }, () => instance(false)),
  ];
  expect(restartStrategy(spec, current)).toEqual(one.expected);
});

test.each([
  ['a', true],
  ['b', false],
  ['a==1', true],
  ['a != 1', false],
  ['a in (1, 2), x\\/y', true],
  ['a notin (1)', false],
])('the selector %s', (text, expected) => {
  expect(selector(text)?.({ a: '1', 'x/y': '' })).toBe(expected);
});

test('a selector that is none', () => {
  expect(selector('x/y')).toBeNull();
  expect(selector('a=1')).toBeNull();
});
