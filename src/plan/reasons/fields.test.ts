import { describe, expect, test } from 'vitest';
import { changeOf, needs, noPrivileges, type TestWorkload, withApi } from '../testing.ts';

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
      'what the platform must say of it',
      {},
      {
        ready: [
          {
            request: { method: 'GET', url: 'http://h/agents', body: null, status: [200] },
            login: 'admin',
            that: 'body.up',
            otherwise: 'it is not up',
          },
        ],
      },
      { what: 'field', where: 'ready', after: 'GET http://h/agents: body.up' },
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
