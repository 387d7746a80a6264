import { describe, expect, test } from 'vitest';
import type { Change, Drift, Observed } from '../../model/plan.ts';
import type { Desired, Workload } from '../../model/resource.ts';
import { actsOf } from '../acts.ts';
import { makePlan } from '../plan.ts';
import { changeOf, desiredOf, withApi } from '../testing.ts';

describe('what is observed', () => {
  const state = withApi({ scale: { replicas: 2 } }, { nodes: ['a', 'b'] });
  const desired = desiredOf(state);
  const fingerprint = fingerprintOf(desired);
  const at = (node: string, more: object = {}) => ({
    workload: 'web/api',
    node,
    fingerprint,
    state: 'running' as const,
    ...more,
  });

  test.each<[string, Observed['instances'], Partial<Change> | undefined]>([
    ['all is well', [at('a'), at('b')], undefined],
    ['one starts', [at('a'), at('b', { state: 'starting' })], undefined],
    [
      'one is missing',
      [at('a')],
      {
        action: 'update',
        mode: 'in-place',
        instances: 1,
        nodes: ['b'],
        reasons: [{ what: 'state', where: 'b', before: 'missing', after: 'running' }],
      },
    ],
    [
      'one is said to be missing',
      [at('a'), at('b', { state: 'missing' })],
      { action: 'update', mode: 'in-place', nodes: ['b'] },
    ],
    ['none is there', [], { action: 'create', instances: 2 }],
    [
      'one stopped',
      [at('a'), at('b', { state: 'stopped' })],
      {
        mode: 'roll',
        instances: 1,
        nodes: ['b'],
        reasons: [{ what: 'state', where: 'b', before: 'stopped', after: 'running' }],
      },
    ],
    [
      'one is unhealthy',
      [at('a'), at('b', { state: 'unhealthy' })],
      { mode: 'roll', instances: 1, nodes: ['b'] },
    ],
    [
      'one was changed by hand',
      [at('a'), at('b', { drift: [{ text: 'env FOO was added', remedy: 'replace' }] })],
      { mode: 'roll', instances: 1, reasons: [{ what: 'drift', where: 'b', before: 'env FOO was added' }] },
    ],
    [
      'one was made from something else',
      [at('a'), at('b', { fingerprint: 'x' })],
      {
        mode: 'roll',
        instances: 1,
        reasons: [{ what: 'drift', where: 'b', before: 'made from another revision' }],
      },
    ],
    [
      'one too many',
      [at('a'), at('a'), at('b')],
      {
        mode: 'in-place',
        instances: 1,
        nodes: ['a'],
        reasons: [{ what: 'drift', where: 'a', before: 'one more than wanted' }],
      },
    ],
  ])('%s', (_, instances, expected) => {
    const [change, ...more] = makePlan({
      desired,
      last: desired,
      observed: { instances: instances ?? [] },
    }).changes;
    expect(more).toEqual([]);
    if (expected === undefined) expect(change).toBeUndefined();
    else expect(change).toMatchObject({ key: 'workload:web/api', ...expected });
  });

  test('what an interrupted run did already is not done again', () => {
    const newer = desiredOf(withApi({ scale: { replicas: 2 }, image: 'image:2' }, { nodes: ['a', 'b'] }));
    const now = fingerprintOf(newer);
    const half = [at('a', { fingerprint: now }), at('b')];
    expect(makePlan({ desired: newer, last: desired, observed: { instances: half } }).changes).toMatchObject([
      { key: 'workload:web/api', mode: 'roll', instances: 1, nodes: ['b'] },
    ]);
    const all = [at('a', { fingerprint: now }), at('b', { fingerprint: now })];
    expect(makePlan({ desired: newer, last: desired, observed: { instances: all } }).changes).toEqual([]);
    expect(
      makePlan({ desired: newer, last: null, observed: { instances: all } }).changes.map(({ key }) => key),
    ).toEqual(['config:web/api']);
  });

  test('what belongs to no revision is taken away', () => {
    const made = makePlan({
      desired,
      last: null,
      observed: { instances: [at('a', { workload: 'old/thing' })] },
    });
    expect(made.changes.at(-1)).toMatchObject({ key: 'workload:old/thing', action: 'delete', instances: 1 });
  });
});

function fingerprintOf(desired: Desired): string {
  const workload = desired.resources.find((resource) => resource.kind === 'workload');
  return workload && 'fingerprint' in workload ? workload.fingerprint : '';
}

test.each([
  ['another build than its reference means now', 'sha256:old', 'sha256:new', true],
  ['the build that its reference means', 'sha256:new', 'sha256:new', false],
])('an instance that runs %s', (_, image, now, noticed) => {
  const state = withApi({});
  const [workload] = desiredOf(state).resources.filter((one) => one.kind === 'workload');
  const change = changeOf(state, state, 'workload:web/api', {
    instances: [
      {
        workload: 'web/api',
        node: 'node-1',
        fingerprint: workload?.fingerprint ?? '',
        state: 'running',
        image,
      },
    ],
    nodes: [{ name: 'node-1', imageIds: { 'image:1': now } }],
  });
  expect(change?.mode).toBe(noticed ? 'replace' : undefined);
  if (noticed)
    expect(change?.reasons).toMatchObject([{ what: 'drift', before: 'runs another build of image:1' }]);
});

test.each([
  ['reload', { signal: 'HUP', command: null }, 'reload'],
  ['reload', null, 'restart'],
  ['replace', null, 'replace'],
] as const)('one holds a value that is another now, %s, %o: %s', (onChange, reload, mode) => {
  const output = 'back/server:port';
  const desired = desiredOf(withApi({ follows: { [output]: onChange }, reload }));
  const fingerprint = fingerprintOf(desired);
  const outdated = { [output]: { before: '4001', after: '4002' } };
  const node = desired.nodes[0]?.name ?? '';
  const there = { workload: 'web/api', node, fingerprint, state: 'running' as const };
  const changes = (more: object) =>
    makePlan({ desired, last: desired, observed: { instances: [{ ...there, ...more }] } }).changes;
  expect(changes({})).toEqual([]);
  expect(changes({ outdated })).toMatchObject([
    { key: 'workload:web/api', mode, reasons: [{ before: 'back/server:port = 4001', after: '4002' }] },
  ]);
});

test.each([
  ['in-place', 'in-place', 0],
  ['replace', 'replace', 1],
  [{ file: 'web.conf' }, 'restart', 1],
  [{ file: 'gone.conf' }, 'in-place', 0],
] as const)('what somebody changed with the remedy %o: %s', (remedy, mode, instances) => {
  const desired = desiredOf(withApi({}));
  const text = 'web.conf was changed by hand';
  const one = {
    workload: 'web/api',
    node: 'node-1',
    fingerprint: fingerprintOf(desired),
    state: 'running' as const,
  };
  const changes = (drift: readonly Drift[]) =>
    makePlan({ desired, last: desired, observed: { instances: [{ ...one, drift }] } }).changes;
  expect(changes([])).toEqual([]);
  expect(changes([{ text, diff: '-a\n+b', remedy }])).toMatchObject([
    { mode, instances, reasons: [{ what: 'drift', where: 'node-1', before: text, diff: '-a\n+b' }] },
  ]);
});

test.each([
  ['resources', { resources: { memory: 1, cpus: null } }],
  ['needs', { needs: [{ kind: 'task' as const, task: 'web/setup' }] }],
  ['stop', { stop: { signal: 'INT', command: null, grace: 1 } }],
])('another %s is given to instances that run', (_, changed) => {
  const [before, after] = [desiredOf(withApi({})), desiredOf(withApi(changed))];
  const [old, now] = [before, after].map(({ resources }) =>
    resources.find((one): one is Workload => one.kind === 'workload'),
  );
  if (!old || !now) throw new Error('there is a workload');
  const one = {
    workload: 'web/api',
    node: 'node-1',
    fingerprint: now.fingerprint,
    state: 'running' as const,
  };
  expect(actsOf(after, before, new Map()).modeOf(now, one)).toBe('in-place');
  expect(actsOf(after, after, new Map()).modeOf(now, one)).toBeNull();
});
