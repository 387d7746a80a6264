import { describe, expect, test } from 'vitest';
import type { Finding } from '../../model/error.ts';
import type { Observed } from '../../model/plan.ts';
import type { Mount } from '../../model/resource.ts';
import { desiredOf, needs, noPrivileges, type TestDesired, type TestWorkload } from '../testing.ts';
import { checkDesired, type ImageSource, runChecks } from './checks.ts';

interface Case {
  readonly state: TestDesired;
  readonly last?: TestDesired;
  readonly observed?: Observed;
  readonly images?: ImageSource;
}

function found({ state, last, observed = {}, images }: Case): string[] {
  const input = { desired: desiredOf(state), last: last ? desiredOf(last) : null, observed };
  return runChecks(images ? { ...input, images } : input).map(line);
}

function line({ code, severity, message }: Finding): string {
  return `${code} ${severity} ${message}`;
}

const hostMount = (source: string, more: Partial<Mount> = {}): Mount => ({
  type: 'host',
  source,
  path: source,
  readOnly: false,
  shared: false,
  ...more,
});
const two = (a: Partial<TestWorkload>, b: Partial<TestWorkload>, ids = ['a/x', 'b/y']): TestDesired => ({
  workloads: [
    { id: ids[0] ?? '', ...a },
    { id: ids[1] ?? '', ...b },
  ],
});
const on = (...nodes: string[]) => ({ placement: { role: 'r', nodes } });
const each = { scale: { each: 'node' as const } };
const asks = (memory: number | null, cpus: number | null = null) => ({ resources: { memory, cpus } });
const ports = (a: number, b: number, ids = ['a/x', 'b/y']) => ({
  endpoints: [
    { id: ids[0] ?? '', port: a },
    { id: ids[1] ?? '', port: b },
  ],
});
const g = 2 ** 30;

const keeping: TestDesired = {
  volumes: ['a/data'],
  workloads: [
    {
      id: 'a/x',
      mounts: [{ type: 'volume', source: 'a/data', path: '/d', readOnly: false, shared: false }],
    },
  ],
};

describe.each<[string, readonly [string, Case, readonly string[]][]]>([
  [
    'volumes',
    [
      ['that are there', { state: keeping, last: keeping, observed: { volumes: ['a/data'] } }, []],
      ['that nobody looked for', { state: keeping, last: keeping }, []],
      ['that are new', { state: keeping, observed: { volumes: [] } }, []],
      ['that are not wanted any more', { state: {}, last: keeping, observed: { volumes: [] } }, []],
      [
        'that somebody removed',
        { state: keeping, last: keeping, observed: { volumes: [] } },
        ['KLG-410 error the volume a/data of a/x is gone'],
      ],
    ],
  ],
  [
    'ports',
    [
      ['different ones', { state: { ...two({}, {}), ...ports(1, 2) } }, []],
      [
        'the same, on one node',
        { state: { ...two({}, {}), ...ports(80, 80) } },
        ['KLG-401 error a/x and b/y would both listen on port 80/tcp'],
      ],
      [
        'the same, tcp and udp',
        {
          state: {
            ...two({}, {}),
            endpoints: [
              { id: 'a/x', port: 80 },
              { id: 'b/y', port: 80, protocol: 'udp' },
            ],
          },
        },
        [],
      ],
      [
        'the same, on one node of several',
        {
          state: {
            nodes: ['n1', 'n2', 'n3'],
            ...two({ ...each, ...on('n1', 'n2') }, { ...each, ...on('n2', 'n3') }),
            ...ports(80, 80),
          },
        },
        ['KLG-401 error a/x and b/y would both listen on port 80/tcp on n2'],
      ],
      [
        'the same, on other nodes',
        { state: { nodes: ['n1', 'n2'], ...two(on('n1'), on('n2')), ...ports(80, 80) } },
        [],
      ],
      [
        'the same, each with an address of its own',
        { state: { engine: 'kubernetes', ...two({}, {}), ...ports(80, 80) } },
        [],
      ],
      [
        'the same, with addresses of their own, but both on the host network',
        {
          state: {
            engine: 'kubernetes',
            ...two(
              { privileges: { ...noPrivileges, hostNetwork: true } },
              { privileges: { ...noPrivileges, hostNetwork: true } },
            ),
            ...ports(80, 80),
          },
        },
        ['KLG-401 error a/x and b/y would both listen on port 80/tcp'],
      ],
      [
        'of one service',
        { state: { ...two({}, {}, ['a/x', 'a/y']), ...ports(80, 80, ['a/x', 'a/y']) } },
        ['KLG-204 error the endpoints a/x and a/y both listen on port 80/tcp'],
      ],
      [
        'of one component',
        {
          state: {
            workloads: [{ id: 'a/x' }],
            endpoints: [
              { id: 'a/p', port: 80, workload: 'a/x' },
              { id: 'a/q', port: 80, workload: 'a/x' },
            ],
          },
        },
        ['KLG-204 error the endpoints a/p and a/q both listen on port 80/tcp'],
      ],
      [
        'taken by a process',
        {
          state: { workloads: [{ id: 'a/x' }], endpoints: [{ id: 'a/x', port: 80 }] },
          observed: {
            nodes: [
              {
                name: 'node-1',
                listeners: [
                  { port: 80, protocol: 'tcp', address: '0.0.0.0', process: 'nginx (pid 7)' },
                  { port: 80, protocol: 'tcp', address: '::', process: 'nginx (pid 7)' },
                ],
              },
            ],
          },
        },
        ['KLG-401 error port 80/tcp of a/x is taken on node-1 by nginx (pid 7)'],
      ],
      [
        'taken at another address',
        {
          state: { workloads: [{ id: 'a/x' }], endpoints: [{ id: 'a/x', port: 80, host: '192.0.2.1' }] },
          observed: {
            nodes: [{ name: 'node-1', listeners: [{ port: 80, protocol: 'tcp', address: '127.0.0.1' }] }],
          },
        },
        [],
      ],
      [
        'taken by ourselves, since before',
        {
          state: { workloads: [{ id: 'a/x' }], endpoints: [{ id: 'a/x', port: 80 }] },
          last: { workloads: [{ id: 'a/x' }], endpoints: [{ id: 'a/x', port: 80 }] },
          observed: {
            nodes: [{ name: 'node-1', listeners: [{ port: 80, protocol: 'tcp', address: '0.0.0.0' }] }],
          },
        },
        [],
      ],
      [
        'taken on a node where it does not run',
        {
          state: {
            nodes: ['n1', 'n2'],
            workloads: [{ id: 'a/x', ...on('n1') }],
            endpoints: [{ id: 'a/x', port: 80 }],
          },
          observed: {
            nodes: [{ name: 'n2', listeners: [{ port: 80, protocol: 'tcp', address: '0.0.0.0' }] }],
          },
        },
        [],
      ],
    ],
  ],
  [
    'host paths',
    [
      [
        'written by two services',
        { state: two({ mounts: [hostMount('/srv/x')] }, { mounts: [hostMount('/srv/x/')] }) },
        ['KLG-402 error a/x and b/y both write to /srv/x'],
      ],
      [
        'written below one another',
        { state: two({ mounts: [hostMount('/srv')] }, { mounts: [hostMount('/srv/x/y')] }) },
        ['KLG-402 warning b/y writes to /srv/x/y, in /srv, which a/x writes to'],
      ],
      [
        'alike only at the beginning',
        { state: two({ mounts: [hostMount('/srv/x')] }, { mounts: [hostMount('/srv/xy')] }) },
        [],
      ],
      [
        'read by one',
        {
          state: two(
            { mounts: [hostMount('/srv/x')] },
            { mounts: [hostMount('/srv/x', { readOnly: true })] },
          ),
        },
        [],
      ],
      [
        'shared by both',
        {
          state: two(
            { mounts: [hostMount('/srv/x', { shared: true })] },
            { mounts: [hostMount('/srv/x', { shared: true })] },
          ),
        },
        [],
      ],
      [
        'shared by one',
        {
          state: two({ mounts: [hostMount('/srv/x', { shared: true })] }, { mounts: [hostMount('/srv/x')] }),
        },
        ['KLG-402 error a/x and b/y both write to /srv/x'],
      ],
      [
        'of one service',
        { state: two({ mounts: [hostMount('/srv/x')] }, { mounts: [hostMount('/srv/x')] }, ['a/x', 'a/y']) },
        [],
      ],
      [
        'sockets of the system',
        {
          state: two(
            { mounts: [hostMount('/run/openvswitch')] },
            { mounts: [hostMount('/run/openvswitch')] },
          ),
        },
        [],
      ],
      [
        'on other nodes',
        {
          state: {
            nodes: ['n1', 'n2'],
            ...two(
              { ...on('n1'), mounts: [hostMount('/srv/x')] },
              { ...on('n2'), mounts: [hostMount('/srv/x')] },
            ),
          },
        },
        [],
      ],
    ],
  ],
  [
    'capacity',
    [
      [
        'enough',
        { state: { nodes: [{ name: 'n', memory: 3 * g, cpus: 2 }], ...two(asks(g, 1), asks(2 * g, 1)) } },
        [],
      ],
      ['unknown', { state: { nodes: ['n'], ...two(asks(g), asks(2 * g)) } }, []],
      [
        'too little memory',
        { state: { nodes: [{ name: 'n', memory: 2 * g }], ...two(asks(g), asks(2 * g)) } },
        ['KLG-403 error the components on n ask for 3G of memory, there are 2G (most: b/y 2G, a/x 1G)'],
      ],
      [
        'too few processors, as observed',
        {
          state: { nodes: ['n'], ...two(asks(null, 1), asks(null, 1.5)) },
          observed: { nodes: [{ name: 'n', cpus: 2 }] },
        },
        ['KLG-403 warning the components on n ask for 2.5 processors, there are 2 (most: b/y 1.5, a/x 1)'],
      ],
      [
        'too little on many nodes alike',
        {
          state: {
            nodes: ['n1', 'n2', 'n3'].map((name) => ({ name, memory: g })),
            workloads: [{ id: 'a/x', ...each, ...asks(2 * g) }],
          },
        },
        ['KLG-403 error the components on n1, n2, n3 ask for 2G of memory each, there are 1G (most: a/x 2G)'],
      ],
      [
        'replicas count as often as they are there',
        {
          state: {
            nodes: [{ name: 'n', memory: g }],
            engine: 'kubernetes',
            workloads: [{ id: 'a/x', scale: { replicas: 3 }, ...asks(g) }],
          },
        },
        ['KLG-403 error the components on n ask for 3G of memory, there are 1G (most: a/x 1G)'],
      ],
    ],
  ],
  [
    'nodes',
    [
      [
        'none',
        { state: { workloads: [{ id: 'a/x', ...on() }] } },
        ['KLG-404 error no node has the role r, on which a/x runs'],
      ],
      [
        'none for one on each',
        { state: { workloads: [{ id: 'a/x', ...each, ...on() }] } },
        ['KLG-404 warning no node has the role r, on which a/x runs'],
      ],
      [
        'none for one on each that another waits for',
        {
          state: {
            workloads: [
              { id: 'a/x', ...each, ...on() },
              { id: 'b/y', needs: [needs('a/x')] },
            ],
            endpoints: [{ id: 'a/x', port: 1 }],
          },
        },
        ['KLG-404 error no node has the role r, on which a/x runs'],
      ],
      ['none needed', { state: { workloads: [{ id: 'a/x', scale: { replicas: 0 }, ...on() }] } }, []],
      [
        'fewer than replicas on a port',
        {
          state: {
            nodes: ['n1', 'n2'],
            workloads: [{ id: 'a/x', scale: { replicas: 3 } }],
            endpoints: [{ id: 'a/x', port: 80 }],
          },
        },
        [
          'KLG-404 error a/x has 3 replicas that listen on port 80 of their node, but only 2 nodes have the role controller',
        ],
      ],
      [
        'fewer than replicas without a port',
        { state: { workloads: [{ id: 'a/x', scale: { replicas: 3 } }] } },
        [],
      ],
      [
        'a need on the same node, met on one of two',
        {
          state: {
            nodes: ['n1', 'n2'],
            workloads: [
              { id: 'a/x', ...on('n1') },
              { id: 'b/y', ...each, needs: [needs('a/x', 'node')] },
            ],
            endpoints: [{ id: 'a/x', port: 1 }],
          },
        },
        ['KLG-409 error b/y needs a/x on its own node, but a/x does not run on n2'],
      ],
      [
        'a need on the same node, met by a variant',
        {
          state: {
            nodes: ['n1', 'n2'],
            workloads: [
              { id: 'a/x', ...each, ...on('n1') },
              { id: 'a/x@n2', ...each, ...on('n2') },
              { id: 'b/y', ...each, needs: [needs('a/x', 'node')] },
            ],
            endpoints: [{ id: 'a/x', port: 1 }],
          },
        },
        [],
      ],
    ],
  ],
  [
    'rights',
    [
      [
        'not looked at',
        {
          state: { workloads: [{ id: 'a/x', privileges: { ...noPrivileges, capabilities: ['NET_ADMIN'] } }] },
          observed: { nodes: [{ name: 'node-1' }] },
        },
        [],
      ],
      [
        'there, however written',
        {
          state: {
            workloads: [{ id: 'a/x', privileges: { ...noPrivileges, capabilities: ['CAP_NET_ADMIN'] } }],
          },
          observed: { nodes: [{ name: 'node-1', capabilities: ['NET_ADMIN'] }] },
        },
        [],
      ],
      [
        'missing',
        {
          state: {
            workloads: [
              {
                id: 'a/x',
                privileges: {
                  ...noPrivileges,
                  capabilities: ['NET_ADMIN', 'SYS_RESOURCE'],
                  devices: ['/dev/kvm:/dev/kvm:rw'],
                },
              },
            ],
          },
          observed: { nodes: [{ name: 'node-1', capabilities: ['NET_ADMIN'], devices: ['/dev/null'] }] },
        },
        ['KLG-405 error a/x needs SYS_RESOURCE, /dev/kvm, which containers on node-1 cannot have'],
      ],
    ],
  ],
  [
    'images',
    [
      ['not asked', { state: two({}, {}) }, []],
      [
        'unknown',
        { state: two({}, {}), images: () => 'unknown' },
        ['KLG-406 error the image image:1 cannot be had; a/x, b/y need it'],
      ],
      ['built', { state: two({}, {}), images: () => 'built' }, []],
      [
        'only the nodes looked at',
        { state: two({}, {}), observed: { nodes: [{ name: 'node-1', images: [] }] } },
        [],
      ],
      [
        'on the node',
        { state: two({}, {}), observed: { nodes: [{ name: 'node-1', images: ['image:1'] }], images: [] } },
        [],
      ],
      [
        'in the registry',
        { state: two({}, {}), observed: { nodes: [{ name: 'node-1', images: [] }], images: ['image:1'] } },
        [],
      ],
      [
        'nowhere',
        {
          state: { workloads: [{ id: 'a/x' }] },
          observed: { nodes: [{ name: 'node-1', images: [] }], images: [] },
        },
        ['KLG-406 error the image image:1 cannot be had; a/x needs it'],
      ],
    ],
  ],
  [
    'needs',
    [
      [
        'of nothing',
        {
          state: {
            workloads: [{ id: 'a/x', needs: [needs('b/pubilc')] }, { id: 'b/y' }],
            endpoints: [{ id: 'b/public', port: 1, workload: 'b/y' }],
          },
        },
        [
          'KLG-202 error a/x needs the endpoint b/pubilc, which no service that is on has; did you mean b/public?',
        ],
      ],
      [
        'of a task that is not there',
        { state: { workloads: [{ id: 'a/x', needs: [{ kind: 'task', task: 'a/t' }] }] } },
        ['KLG-202 error a/x needs the task a/t, which no service that is on has'],
      ],
      [
        'in a circle',
        {
          state: {
            workloads: [
              { id: 'a/x', needs: [{ kind: 'task', task: 'b/t' }] },
              { id: 'c/z', needs: [needs('a/x')] },
            ],
            tasks: [{ id: 'b/t', needs: [needs('a/x')] }],
            endpoints: [{ id: 'a/x', port: 1 }],
          },
        },
        ['KLG-203 error b/t waits for a/x, which waits for b/t'],
      ],
      [
        'of itself',
        { state: { workloads: [{ id: 'a/x', needs: [needs('a/x')] }], endpoints: [{ id: 'a/x', port: 1 }] } },
        ['KLG-203 error a/x waits for itself'],
      ],
      [
        'of an output',
        {
          state: {
            workloads: [{ id: 'a/x', needs: [{ kind: 'output', output: 'b/t', key: 'k' }] }],
            tasks: [{ id: 'b/t' }],
          },
        },
        [],
      ],
    ],
  ],
])('%s', (_, cases) => {
  test.each(cases)('%s', (_name, given, expected) => {
    expect(found(given)).toEqual(expected);
  });
});

test('what is wrong wherever it runs can be asked by itself', () => {
  const state: TestDesired = {
    nodes: [{ name: 'n', memory: 1 }],
    workloads: [{ id: 'a/x', needs: [needs('b/y')], ...asks(g) }],
  };
  expect(checkDesired(desiredOf(state)).map(({ code }) => code)).toEqual(['KLG-202']);
});
