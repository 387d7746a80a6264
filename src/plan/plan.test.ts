import { describe, expect, test } from 'vitest';
import type { Change, Mode, Observed } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { makePlan } from './plan.ts';
import { desiredOf, needs, noPrivileges, type TestDesired, type TestWorkload } from './testing.ts';

const api: TestWorkload = { id: 'web/api', files: [{ name: 'web.conf', content: '[a]\nx = 1\ny = 2\n' }] };

function plan(before: TestDesired | null, after: TestDesired, observed: Observed = {}) {
  return makePlan({ desired: desiredOf(after), last: before && desiredOf(before), observed });
}

/** The change of a key, or nothing. */
function changeOf(
  before: TestDesired | null,
  after: TestDesired,
  key: string,
  observed?: Observed,
): Change | undefined {
  return plan(before, after, observed).changes.find((change) => change.key === key);
}

function withApi(changed: Partial<TestWorkload>, more: TestDesired = {}): TestDesired {
  return { ...more, workloads: [{ ...api, ...changed }] };
}

describe('what a changed workload goes through', () => {
  const three = { nodes: ['a', 'b', 'c'] };
  const replicas = { scale: { replicas: 3 } };
  const file = (onChange: 'nothing' | 'reload' | 'restart' | 'replace', content = 'x = 1\n') => ({
    files: [{ name: 'web.conf', content, onChange }],
  });
  const reload = { reload: { signal: 'HUP', command: null } };

  test.each<[string, Partial<TestWorkload>, Partial<TestWorkload>, TestDesired, Mode | undefined]>([
    ['nothing', {}, {}, {}, undefined],
    ['an image', {}, { image: 'image:2' }, {}, 'replace'],
    ['an image of three', replicas, { ...replicas, image: 'image:2' }, three, 'roll'],
    [
      'an image of three, all at once',
      replicas,
      {
        ...replicas,
        image: 'image:2',
        update: { strategy: 'recreate', maxUnavailable: 1, surge: 0, batch: 1 },
      },
      three,
      'replace',
    ],
    [
      'a mount',
      {},
      { mounts: [{ type: 'host', source: '/x', path: '/x', readOnly: true, shared: false }] },
      {},
      'replace',
    ],
    ['a privilege', {}, { privileges: { ...noPrivileges, capabilities: ['NET_ADMIN'] } }, {}, 'replace'],
    ['the environment', {}, { env: { A: '1' } }, {}, 'replace'],
    ['a file', {}, file('restart', 'x = 2\n'), {}, 'restart'],
    [
      'a file of three',
      { ...replicas, ...file('restart') },
      { ...replicas, ...file('restart', 'x = 2\n') },
      three,
      'roll',
    ],
    ['a file that needs nothing', file('nothing'), file('nothing', 'x = 2\n'), {}, 'in-place'],
    [
      'a file that can be read again',
      { ...reload, ...file('reload') },
      { ...reload, ...file('reload', 'x = 2\n') },
      {},
      'reload',
    ],
    [
      'a file that can be read again by one that cannot',
      file('reload'),
      file('reload', 'x = 2\n'),
      {},
      'restart',
    ],
    ['a file that needs a new container', file('replace'), file('replace', 'x = 2\n'), {}, 'replace'],
    ['a rule only', file('restart'), file('nothing'), {}, 'in-place'],
    [
      'a new file where each is a mount',
      { start: 'plain', files: [] },
      { start: 'plain', ...file('nothing') },
      {},
      'replace',
    ],
    ['needs', {}, { needs: [needs('web/x')] }, {}, 'in-place'],
    ['limits', {}, { resources: { memory: 2 ** 30, cpus: 1 } }, {}, 'in-place'],
    ['more replicas', {}, replicas, three, 'in-place'],
    ['fewer replicas', replicas, {}, three, 'in-place'],
    [
      'the policy',
      {},
      { update: { strategy: 'recreate', maxUnavailable: 1, surge: 0, batch: 1 } },
      {},
      'in-place',
    ],
    [
      'an image of one, the new beside the old',
      {},
      { image: 'image:2', update: { strategy: 'blue-green', maxUnavailable: 1, surge: 0, batch: 1 } },
      { engine: 'kubernetes' },
      'roll',
    ],
  ])('%s', (_, before, after, more, mode) => {
    const change = changeOf(withApi(before, more), withApi(after, more), 'workload:web/api');
    expect(change?.mode).toBe(mode);
    if (mode !== undefined) expect(change?.reasons).not.toEqual([]);
  });

  test.each<[string, Partial<TestWorkload>, Mode]>([
    ['in a file', { files: [{ name: 'web.conf', content: 'p = @{secret.pass}\n' }] }, 'restart'],
    [
      'in a file that needs a new container',
      { files: [{ name: 'w', content: '@{secret.pass}', onChange: 'replace' }] },
      'replace',
    ],
    ['in the environment', { env: { PASS: '@{secret.pass}' } }, 'replace'],
  ])('a secret that was rotated, %s', (_, workload, mode) => {
    const state = (fingerprint: string) =>
      withApi({ ...workload, secrets: ['pass'] }, { secrets: { pass: fingerprint } });
    const made = plan(state('old'), state('new'));
    expect(made.changes).toMatchObject([
      {
        key: 'secret:pass',
        action: 'update',
        mode: 'in-place',
        reasons: [{ what: 'secret', where: 'pass' }],
      },
      { key: 'workload:web/api', action: 'update', mode, reasons: [{ what: 'secret', where: 'pass' }] },
    ]);
    expect(JSON.stringify(made.changes)).not.toMatch(/"(old|new)"/);
  });
});

describe('why', () => {
  test('a configuration file, to the line', () => {
    const change = changeOf(
      withApi({}),
      withApi({ files: [{ name: 'web.conf', content: '[a]\nx = 1\ny = 3\n' }] }),
      'workload:web/api',
    );
    expect(change?.reasons).toEqual([
      { what: 'file', where: 'web.conf', diff: '@@ -1,3 +1,3 @@\n [a]\n x = 1\n-y = 2\n+y = 3\n' },
    ]);
  });

  test.each<[string, Partial<TestWorkload>, Partial<TestWorkload>, object]>([
    [
      'image',
      {},
      { image: 'image:2' },
      { what: 'image', where: 'image', before: 'image:1', after: 'image:2' },
    ],
    [
      'env',
      { env: { FOO: '1' } },
      { env: { FOO: '2' } },
      { what: 'field', where: 'env.FOO', before: '1', after: '2' },
    ],
    ['env, new', {}, { env: { FOO: '2' } }, { what: 'field', where: 'env.FOO', after: '2' }],
    [
      'command',
      {},
      { command: ['run', '-v'] },
      { what: 'field', where: 'command', before: 'run', after: 'run -v' },
    ],
    [
      'a mount of a path',
      { mounts: [{ type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false }] },
      { mounts: [{ type: 'volume', source: 'web/data', path: '/data', readOnly: true, shared: false }] },
      { what: 'field', where: 'mounts[/data].readOnly', before: 'false', after: 'true' },
    ],
    [
      'a new mount',
      {},
      { mounts: [{ type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false }] },
      { what: 'field', where: 'mounts[/data]', after: 'volume web/data' },
    ],
    [
      'a capability',
      { privileges: { ...noPrivileges, capabilities: ['A', 'B'] } },
      { privileges: { ...noPrivileges, capabilities: ['B', 'C'] } },
      { what: 'field', where: 'privileges.capabilities', after: 'C' },
    ],
    [
      'a need',
      {},
      { needs: [needs('db/main')] },
      { what: 'field', where: 'needs', after: 'endpoint db/main' },
    ],
    [
      'memory',
      {},
      { resources: { memory: 512 * 2 ** 20, cpus: null } },
      { what: 'field', where: 'resources.memory', after: '512M' },
    ],
    [
      'mode of a file',
      {},
      { files: [{ name: 'web.conf', content: '[a]\nx = 1\ny = 2\n', mode: '0644' }] },
      { what: 'file', where: 'web.conf: mode', before: '0600', after: '0644' },
    ],
    [
      'replicas',
      {},
      { scale: { replicas: 2 } },
      { what: 'scale', where: 'replicas', before: '1', after: '2' },
    ],
    [
      'role',
      {},
      { placement: { role: 'other', nodes: ['node-1'] } },
      { what: 'placement', where: 'role', before: 'controller', after: 'other' },
    ],
  ])('%s', (_, before, after, reason) => {
    expect(changeOf(withApi(before), withApi(after), 'workload:web/api')?.reasons).toContainEqual(reason);
  });
});

describe('scale and placement', () => {
  const on = (nodes: readonly string[], replicas: number) => withApi({ scale: { replicas } }, { nodes });

  test('added instances, and where', () => {
    const change = changeOf(on(['a', 'b'], 1), on(['a', 'b'], 2), 'workload:web/api');
    expect(change).toMatchObject({ mode: 'in-place', instances: 1, disturbs: [] });
    expect(change?.nodes).toHaveLength(1);
    expect(change?.reasons[1]).toMatchObject({ what: 'placement', after: change?.nodes[0] });
  });

  test('one on each node: a node more', () => {
    const each = (nodes: readonly string[]) => withApi({ scale: { each: 'node' } }, { nodes });
    expect(changeOf(each(['a', 'b']), each(['a', 'b', 'c']), 'workload:web/api')).toMatchObject({
      mode: 'in-place',
      instances: 1,
      nodes: ['c'],
    });
  });

  test('a new node moves nothing', () => {
    expect(plan(on(['b', 'c'], 2), on(['a', 'b', 'c', 'd'], 2)).changes).toEqual([]);
  });

  test('the only node goes: the workload moves, and is not there meanwhile', () => {
    const change = changeOf(on(['a'], 1), on(['b'], 1), 'workload:web/api');
    expect(change).toMatchObject({
      mode: 'replace',
      nodes: ['b', 'a'],
      disturbs: ['web/api is replaced on 1 of 1 instance: what it does waits meanwhile'],
    });
  });
});

describe('tasks', () => {
  const task = (more: object = {}): TestDesired => ({ tasks: [{ id: 'web/migrate', ...more }] });
  const done = (state: TestDesired): Observed['tasks'] =>
    desiredOf(state).resources.flatMap((resource) =>
      resource.kind === 'task' ? [{ id: resource.id, fingerprint: resource.fingerprint }] : [],
    );

  test.each<[string, TestDesired | null, TestDesired, Observed, string | undefined]>([
    ['new', null, task(), {}, 'run'],
    ['the same as in the last revision', task(), task(), {}, undefined],
    ['another one', task(), task({ image: 'image:2' }), {}, 'run'],
    ['done, though no revision says so', null, task(), { tasks: done(task()) ?? [] }, undefined],
    ['in the last revision, but not done', task(), task(), { tasks: [] }, 'run'],
    ['the same, with another time-out', task(), task({ timeout: 10 }), {}, 'update'],
    ['gone', task(), {}, {}, 'delete'],
  ])('%s', (_, before, after, observed, action) => {
    expect(changeOf(before, after, 'task:web/migrate', observed)?.action).toBe(action);
  });
});

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
      [at('a'), at('b', { drift: ['env FOO was added'] })],
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

describe('what it disturbs', () => {
  const offered = { endpoints: [{ id: 'web/public', port: 80, workload: 'web/api' }] };
  const two = { ...offered, nodes: ['a', 'b'] };
  const url = 'http://127.0.0.1:80';

  test.each<[string, TestDesired, TestDesired, readonly string[]]>([
    [
      'the only instance',
      withApi({}, offered),
      withApi({ image: 'image:2' }, offered),
      [`web/api is replaced on 1 of 1 instance: its endpoint ${url} does not answer meanwhile`],
    ],
    [
      'one of two at a time',
      withApi({ scale: { replicas: 2 } }, two),
      withApi({ scale: { replicas: 2 }, image: 'image:2' }, two),
      [],
    ],
    [
      'both at once',
      withApi({ scale: { replicas: 2 } }, two),
      withApi(
        {
          scale: { replicas: 2 },
          image: 'image:2',
          update: { strategy: 'rolling', maxUnavailable: 2, surge: 0, batch: 2 },
        },
        two,
      ),
      [`web/api restarts on 2 of 2 instances: its endpoint ${url} does not answer meanwhile`],
    ],
    [
      'an agent on each node',
      withApi({ scale: { each: 'node' } }, { nodes: ['a', 'b'] }),
      withApi({ scale: { each: 'node' }, image: 'image:2' }, { nodes: ['a', 'b'] }),
      ['web/api restarts on 2 instances, 1 at a time: what it does there waits meanwhile'],
    ],
    [
      'scaled to none',
      withApi({}, offered),
      withApi({ scale: { replicas: 0 } }, offered),
      [`web/api is scaled to none: its endpoint ${url} does not answer any more`],
    ],
    [
      'a service that goes',
      withApi({}, offered),
      {},
      [`web/api is taken away: its endpoint ${url} does not answer any more`],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changeOf(before, after, 'workload:web/api')?.disturbs).toEqual(expected);
  });
});

test('a volume that goes is a warning', () => {
  expect(plan({ volumes: ['web/data'] }, {})).toMatchObject({
    changes: [{ key: 'volume:web/data', action: 'delete' }],
    findings: [{ code: 'KLG-407', severity: 'warning' }],
    summary: { delete: 1, none: 0 },
  });
});

test('in the order in which they can begin, deletions last and in reverse', () => {
  const chain = (version: string): TestDesired => ({
    endpoints: [{ id: 'a/db', port: 1 }],
    workloads: [
      { id: 'a/db', image: version },
      { id: 'a/app', image: version, needs: [{ kind: 'task', task: 'a/sync' }] },
    ],
    tasks: [{ id: 'a/sync', image: version, needs: [needs('a/db')] }],
  });
  const keys = (before: TestDesired | null, after: TestDesired) =>
    plan(before, after).changes.map(({ key }) => key);
  const forward = ['workload:a/db', 'task:a/sync', 'workload:a/app'];
  expect(keys(null, chain('1'))).toEqual(['endpoint:a/db', ...forward]);
  expect(keys(chain('1'), chain('2'))).toEqual(forward);
  expect(keys(chain('1'), {})).toEqual([...forward].reverse().concat('endpoint:a/db'));
});

function fingerprintOf(desired: Desired): string {
  const workload = desired.resources.find((resource) => resource.kind === 'workload');
  return workload && 'fingerprint' in workload ? workload.fingerprint : '';
}
