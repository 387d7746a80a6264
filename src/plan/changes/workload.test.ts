import { describe, expect, test } from 'vitest';
import type { Mode } from '../../model/plan.ts';
import {
  changeOf,
  needs,
  noPrivileges,
  planOf,
  type TestDesired,
  type TestWorkload,
  withApi,
} from '../testing.ts';

const blueGreen = { strategy: 'blue-green', maxUnavailable: 1, surge: 0, batch: 1 } as const;
const fixed = [
  { endpoint: 'web/public', port: 80, protocol: 'tcp' as const, exposure: 'public' as const },
] as const;
const slots = [1, 2].map((slot) => ({ ...fixed[0], port: 10_000 + slot, slot }));

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
    ['a file that needs nothing, and goes', file('nothing'), { files: [] }, {}, 'restart'],
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
      { image: 'image:2', update: blueGreen },
      { engine: 'kubernetes' },
      'roll',
    ],
    [
      'an image of one, blue-green on the port that it has',
      { ports: fixed },
      { image: 'image:2', update: blueGreen, ports: fixed },
      {},
      'replace',
    ],
    ['an image of one, blue-green without a port', {}, { image: 'image:2', update: blueGreen }, {}, 'roll'],
    [
      'an image of one behind a balancer, with a slot left',
      { ports: slots },
      { image: 'image:2', update: blueGreen, ports: slots },
      {},
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
    [
      'in a file that is not read again',
      { files: [{ name: 'w', content: '@{secret.pass}', onChange: 'nothing' }] },
      'in-place',
    ],
    [
      'in a file that it can be told to read again',
      {
        files: [{ name: 'w', content: '@{secret.pass:former}', onChange: 'reload' }],
        reload: { signal: 'HUP', command: null },
      },
      'reload',
    ],
    ['in the environment', { env: { PASS: '@{secret.pass}' } }, 'replace'],
  ])('a secret that was rotated, %s', (_, workload, mode) => {
    const state = (fingerprint: string) =>
      withApi({ ...workload, secrets: ['pass'] }, { secrets: { pass: fingerprint } });
    const made = planOf(state('old'), state('new'));
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
    expect(planOf(on(['b', 'c'], 2), on(['a', 'b', 'c', 'd'], 2)).changes).toEqual([]);
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

test.each([
  ['where Kollage makes instances', {}, 'in-place'],
  ['where the engine makes them from a template', { by: 'engine' as const }, 'roll'],
])('a file that a process reads by itself, %s', (_, by, mode) => {
  const placement = { role: 'controller', nodes: ['a', 'b'], ...by };
  const state = (content: string) =>
    withApi(
      {
        files: [{ name: 'a.conf', content, onChange: 'nothing' }],
        placement,
        scale: { replicas: 2 },
      },
      { nodes: ['a', 'b'], engine: 'kubernetes' },
    );
  expect(changeOf(state('x = 1'), state('x = 2'), 'workload:web/api')?.mode).toBe(mode);
});

test.each([
  ['where Kollage makes instances', {}, 'in-place'],
  ['where the engine makes them from a template', { by: 'engine' as const }, 'restart'],
])('memory and what else is no input of a process, %s', (_, by, mode) => {
  const placement = { role: 'controller', nodes: ['a'], ...by };
  const state = (memory: number) =>
    withApi(
      { resources: { memory, cpus: null }, placement, scale: { replicas: 1 } },
      { nodes: ['a'], engine: 'kubernetes' },
    );
  expect(changeOf(state(1), state(2), 'workload:web/api')?.mode).toBe(mode);
});
