import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryParts } from '../../../../test/arbitrary/desired.ts';
import type { AppDefinition } from '../../../../test/marathon/schema.ts';
import { appsOf, groupViolations } from '../../../../test/marathon/validate.ts';
import { canonical } from '../../../compile/fingerprint.ts';
import type { Desired } from '../../../model/resource.ts';
import { desiredOf, needs, type TestDesired, type TestWorkload } from '../../../plan/testing.ts';
import { bootCommand } from '../boot.ts';
import { settingsOf } from '../settings.ts';
import { group } from './group.ts';
import { RenderScope } from './scope.ts';
import { processBundle, secretFiles } from './spec.ts';

const start = { 'store_zookeeper_boot.py': 'boot()\n', start: '' };

type EngineOf = Parameters<typeof settingsOf>[0];

function input(desired: Desired, engine: EngineOf = 'marathon') {
  return { desired, settings: settingsOf(engine), start };
}

/** An app as Marathon would keep it. */
function appOf(desired: Desired, id: string, engine?: EngineOf): AppDefinition {
  const found = appsOf(JSON.parse(JSON.stringify(group(input(desired, engine))))).find(
    (one) => one.id === id,
  );
  if (!found) throw new Error(`no app ${id}`);
  return found;
}

/** A state with a component of one service that needs another's. */
function state(changed: Partial<TestWorkload> = {}, more: Partial<TestDesired> = {}): Desired {
  return desiredOf({
    workloads: [
      {
        id: 'web/api',
        needs: [needs('db/sql'), needs('db/sql', 'node'), { kind: 'task', task: 'web/sync' }],
        ports: [{ endpoint: 'web/public', port: 80, protocol: 'tcp', exposure: 'public' }],
        files: [{ name: 'api.conf', content: 'password = @{secret.pass}\n' }],
        secrets: ['pass'],
        ...changed,
      },
      { id: 'db/server', ports: [{ endpoint: 'db/sql', port: 3306, protocol: 'tcp', exposure: 'internal' }] },
    ],
    tasks: [{ id: 'web/sync', outputs: { fresh: '/tmp/fresh' } }],
    endpoints: [
      { id: 'web/public', workload: 'web/api', port: 80, exposure: 'public' },
      { id: 'db/sql', workload: 'db/server', port: 3306 },
    ],
    secrets: { pass: 'print' },
    engine: 'marathon',
    nodes: ['a', 'b', 'c'],
    ...more,
  });
}

/** The same with each volume once for the deployment, or for its instance. */
function once(desired: Desired, each: 'deployment' | 'instance' = 'deployment'): Desired {
  const resources = desired.resources.map((one) => (one.kind === 'volume' ? { ...one, each } : one));
  return { ...desired, resources };
}

const data = { type: 'volume', source: 'web/data', path: '/data', readOnly: false, shared: false } as const;

describe('any desired state', () => {
  test('gives the same bytes again, and a group that Marathon takes', () => {
    fc.assert(
      fc.property(arbitraryParts, (parts) => {
        const desired = desiredOf(parts);
        const made = group(input(desired));
        expect(canonical(made)).toBe(canonical(group(input(structuredClone(desired)))));
        expect(groupViolations(JSON.parse(JSON.stringify(made)))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

test('a group for the deployment, one for each service, an app for each component, and no task', () => {
  const made = group(input(state()));
  expect(made.id).toBe('/test');
  expect(made.groups?.map(({ id, apps }) => [id, apps?.map((app) => app.id)])).toEqual([
    ['/test/db', ['/test/db/server']],
    ['/test/web', ['/test/web/api']],
  ]);
});

test('an app is on the network of its agent, with its own ports and no others', () => {
  expect(appOf(state(), '/test/web/api')).toMatchObject({
    networks: [{ mode: 'host' }],
    requirePorts: true,
    portDefinitions: [{ port: 80, protocol: 'tcp', name: 'web-public' }],
  });
  expect(appOf(state({ ports: [] }), '/test/web/api').requirePorts).toBe(false);
});

test('it begins with a program that fetches the start program, whatever entry point its image has', () => {
  const { args = [], container, env } = appOf(state(), '/test/web/api');
  expect(container?.docker?.parameters).toContainEqual({ key: 'entrypoint', value: 'python3' });
  expect(['python3', ...args]).toEqual(bootCommand(start));
  expect(args.at(-1)).toBe('boot()\n');
  expect(env).toMatchObject({
    KOLLAGE_ZOOKEEPER: 'master.mesos:2181',
    KOLLAGE_DEPLOYMENT: 'test',
    KOLLAGE_PROCESS: 'web/api',
    KOLLAGE_STORE_KEY: '@{store.key}',
  });
});

test('another file or secret is another version, another start program is not', () => {
  const version = (desired: Desired) => appOf(desired, '/test/web/api').env?.['KOLLAGE_VERSION'];
  const before = version(state());
  expect(version(state({ files: [{ name: 'api.conf', content: 'x' }] }))).not.toBe(before);
  expect(version(state({}, { secrets: { pass: 'another' } }))).not.toBe(before);
  expect(version(state())).toBe(before);
});

describe('where it runs', () => {
  const placed = (desired: Desired, engine?: EngineOf) => appOf(desired, '/test/web/api', engine).constraints;
  const roles = ['kollage_roles', 'LIKE', '(.*/)?(controller)(/.*)?'];

  test('on agents that have its role, each instance on one of its own where ports would meet', () => {
    expect(placed(state())).toEqual([roles]);
    expect(placed(state({ scale: { replicas: 2 } }))).toEqual([roles, ['hostname', 'UNIQUE']]);
    const spread = (replicas: number) => placed(state({ scale: { replicas }, ports: [] }));
    expect(spread(2)).toEqual([roles, ['hostname', 'GROUP_BY', '2']]);
    expect(spread(5), 'over no more agents than there are').toEqual([roles, ['hostname', 'GROUP_BY', '3']]);
    expect(placed(state({ scale: { each: 'node' }, ports: [] }))).toEqual([roles, ['hostname', 'UNIQUE']]);
    expect(appOf(state({ scale: { each: 'node' } }), '/test/web/api').instances).toBe(3);
  });

  test('the role is meant whole, also beside others, and one of several is enough', () => {
    const desired = state({ placement: { role: 'control, compute', nodes: ['a', 'b', 'c'] } });
    const expression = new RegExp(`^(?:${placed(desired)?.[0]?.[2]})$`);
    for (const has of ['control', 'compute', 'network/control', 'compute/x']) expect(has).toMatch(expression);
    for (const has of ['controls', 'my-control', 'network']) expect(has).not.toMatch(expression);
  });

  test('on nodes by name where not all that have the role are meant', () => {
    const nodes = ['a.example', 'b.example', 'c.example'];
    const desired = state(
      { placement: { role: 'controller', nodes: ['a.example', 'c.example'] } },
      { nodes },
    );
    expect(placed(desired)).toEqual([roles, ['hostname', 'LIKE', 'a\\.example|c\\.example']]);
  });

  test('anywhere where no nodes are named', () => {
    expect(placed(state({}, { nodes: ['localhost'] }))).toEqual([]);
  });

  test.each(['deployment', 'instance'] as const)(
    'where the volume of the %s is that it shares with a task, on one agent',
    (each) => {
      const desired = once(
        state({ mounts: [data] }, { volumes: ['web/data'], tasks: [{ id: 'web/sync', mounts: [data] }] }),
        each,
      );
      expect(placed(desired)).toEqual([roles, ['hostname', 'LIKE', 'a']]);
      const anywhere = { type: 'marathon', storage: { class: 'rexray' } } as const;
      expect(placed(desired, anywhere)).toEqual([roles]);
      expect(JSON.stringify(group(input(desired, anywhere)))).toContain('volume-driver=rexray');
    },
  );

  test('several instances that share what lies on one agent are refused, with what to do', () => {
    const desired = once(state({ mounts: [data], scale: { replicas: 3 } }, { volumes: ['web/data'] }));
    expect(() => group(input(desired))).toThrow(
      /^web\/api has 3 instances that share the volume web\/data, .* storage: \{ class: DRIVER \}/,
    );
    expect(() => group(input(desired, { type: 'marathon', storage: { class: 'nfs' } }))).not.toThrow();
  });

  test('those that share a volume and have no agent in common are refused', () => {
    const desired = once(
      state(
        { mounts: [data], placement: { role: 'controller', nodes: ['a'] } },
        {
          volumes: ['web/data'],
          tasks: [{ id: 'web/sync', mounts: [data], placement: { role: 'controller', nodes: ['b'] } }],
        },
      ),
    );
    expect(() => group(input(desired))).toThrow('web/api, web/sync use the same volume');
  });
});

describe('what its container has', () => {
  const container = (desired: Desired, engine?: EngineOf) =>
    appOf(desired, '/test/web/api', engine).container;
  const values = (desired: Desired, key: string, engine?: EngineOf) =>
    (container(desired, engine)?.docker?.parameters ?? []).flatMap((one) =>
      one.key === key ? [one.value] : [],
    );

  test('named rights, and never all of them', () => {
    const desired = state({
      user: 'web',
      privileges: {
        capabilities: ['NET_ADMIN'],
        devices: ['/dev/kvm'],
        hostNetwork: true,
        hostPid: true,
        hostIpc: true,
        hostCgroup: false,
        unconfined: ['apparmor', 'systempaths'],
        deviceCgroupRules: ['c 10:* rwm'],
      },
      stop: { signal: 'SIGQUIT', command: null, grace: 12.5 },
    });
    expect(container(desired)?.docker?.privileged).toBe(false);
    expect(values(desired, 'cap-add')).toEqual(['NET_ADMIN']);
    expect(values(desired, 'device')).toEqual(['/dev/kvm']);
    expect(values(desired, 'device-cgroup-rule')).toEqual(['c 10:* rwm']);
    expect(values(desired, 'security-opt')).toEqual(['apparmor=unconfined', 'systempaths=unconfined']);
    expect(values(desired, 'pid')).toEqual(['host']);
    expect(values(desired, 'ipc')).toEqual(['host']);
    expect(values(desired, 'user')).toEqual(['web']);
    expect(values(desired, 'stop-signal')).toEqual(['SIGQUIT']);
    expect(appOf(desired, '/test/web/api').taskKillGracePeriodSeconds).toBe(13);
    expect(values(state(), 'cap-add')).toEqual([]);
  });

  test('configuration in memory, folders of the host, and volumes of the agent', () => {
    const host = { type: 'host', source: '/run', path: '/run', readOnly: false } as const;
    const desired = state(
      {
        start: 'kolla',
        mounts: [
          { ...host, shared: true },
          { ...host, source: '/etc/x', path: '/x', readOnly: true, shared: false },
          { ...host, type: 'tmpfs', source: '', path: '/tmp', shared: false },
          data,
        ],
      },
      { volumes: ['web/data'] },
    );
    expect(values(desired, 'mount')).toEqual([
      'type=tmpfs,target=/var/lib/kolla/config_files,tmpfs-mode=1777',
      'type=bind,source=/run,target=/run,bind-propagation=rshared',
      'type=tmpfs,target=/tmp',
      'type=volume,source=test-web-data,target=/data',
    ]);
    expect(container(desired)?.volumes).toEqual([{ containerPath: '/x', hostPath: '/etc/x', mode: 'RO' }]);
  });

  test('a volume of a driver as Marathon knows it where it is one instance’s alone, else as Docker does', () => {
    const engine = { type: 'marathon', storage: { class: 'rexray' } } as const;
    const own = once(state({ mounts: [data], start: 'plain' }, { volumes: ['web/data'] }));
    expect(container(own, engine)?.volumes).toEqual([
      {
        containerPath: '/data',
        mode: 'RW',
        external: { name: 'test-web-data', provider: 'dvdi', options: { 'dvdi/driver': 'rexray' } },
      },
    ]);
    expect(values(own, 'mount', engine)).toEqual([]);
    const several = once(
      state({ mounts: [data], start: 'plain', scale: { replicas: 2 } }, { volumes: ['web/data'] }),
    );
    expect(values(several, 'mount', engine)).toEqual([
      'type=volume,source=test-web-data,target=/data,volume-driver=rexray',
    ]);
    for (const desired of [own, several])
      expect(groupViolations(JSON.parse(JSON.stringify(group(input(desired, engine)))))).toEqual([]);
  });

  test('what it may take: as is said, or what is usual', () => {
    expect(appOf(state(), '/test/web/api')).toMatchObject({ cpus: 0.1, mem: 1024 });
    const resources = { memory: 3 * 2 ** 30 + 1, cpus: 2 };
    expect(appOf(state({ resources }), '/test/web/api')).toMatchObject({ cpus: 2, mem: 6401 });
  });
});

describe('how it is looked after', () => {
  const checks = (probe: NonNullable<TestWorkload['health']>['probe']) =>
    appOf(state({ health: { probe, interval: 0.5, timeout: 2, grace: 30 } }), '/test/web/api').healthChecks;
  const http = {
    type: 'http',
    scheme: 'http',
    host: 'h',
    port: 80,
    path: '/v3',
    status: [200],
    body: null,
  } as const;

  test('it is left alone as long as it may wait for what it needs', () => {
    expect(checks(http)).toEqual([
      {
        protocol: 'HTTP',
        path: '/v3',
        portIndex: 0,
        gracePeriodSeconds: 630,
        intervalSeconds: 1,
        timeoutSeconds: 2,
        maxConsecutiveFailures: 3,
        delaySeconds: 0,
      },
    ]);
  });

  test.each([
    [
      { ...http, scheme: 'https' },
      { protocol: 'HTTPS', path: '/v3', portIndex: 0 },
    ],
    [
      { ...http, status: [401] },
      { protocol: 'TCP', portIndex: 0 },
    ],
    [
      { ...http, body: 'ok' },
      { protocol: 'TCP', portIndex: 0 },
    ],
    [{ type: 'mysql', host: 'h', port: 3306 } as const, { protocol: 'TCP', port: 3306 }],
    [
      { type: 'socket', path: '/run/a b' } as const,
      { protocol: 'COMMAND', command: { value: "test -S '/run/a b'" } },
    ],
    [{ type: 'file', path: '/x' } as const, { protocol: 'COMMAND', command: { value: 'test -e /x' } }],
    [
      { type: 'command', command: ['sh', '-c', "echo 'a'"] } as const,
      { protocol: 'COMMAND', command: { value: `sh -c 'echo '"'"'a'"'"''` } },
    ],
  ])('%j is asked as %j', (probe, expected) => {
    expect(checks(probe)?.[0]).toMatchObject(expected);
  });

  test.each([
    [{ replicas: 1 }, { strategy: 'rolling', maxUnavailable: 1 }, 0],
    [{ replicas: 3 }, { strategy: 'rolling', maxUnavailable: 1 }, 0.666],
    [{ replicas: 4 }, { strategy: 'rolling', maxUnavailable: 2 }, 0.5],
    [{ replicas: 4 }, { strategy: 'recreate', maxUnavailable: 1 }, 0],
    [{ replicas: 0 }, { strategy: 'rolling', maxUnavailable: 1 }, 0],
  ] as const)('%j by %j keeps %d of them healthy', (scale, update, minimumHealthCapacity) => {
    const desired = state({ scale, update: { ...update, surge: 0, batch: 1 } });
    expect(appOf(desired, '/test/web/api').upgradeStrategy).toEqual({
      minimumHealthCapacity,
      maximumOverCapacity: 0,
    });
    // Marathon rounds up (DeploymentPlan: minHealthy).
    const { replicas } = scale;
    expect(replicas - Math.ceil(replicas * minimumHealthCapacity)).toBe(
      replicas === 0
        ? 0
        : update.strategy === 'recreate'
          ? replicas
          : Math.min(replicas, update.maxUnavailable),
    );
  });

  test('what has data is never replaced while it cannot be seen', () => {
    const desired = state({ mounts: [data] }, { volumes: ['web/data'] });
    expect(appOf(desired, '/test/web/api').unreachableStrategy).toBe('disabled');
    expect(appOf(state(), '/test/web/api').unreachableStrategy).toEqual({
      inactiveAfterSeconds: 60,
      expungeAfterSeconds: 300,
    });
  });
});

test('marathon-lb is told of public endpoints, and of these alone', () => {
  expect(appOf(state(), '/test/web/api').labels).toMatchObject({
    HAPROXY_GROUP: 'external',
    HAPROXY_0_PORT: '80',
  });
  expect(appOf(state(), '/test/db/server').labels).not.toHaveProperty('HAPROXY_GROUP');
});

test('a node that makes a component another has an app of its own, registered with the others', () => {
  const desired = state({ id: 'web/api@node-1.example' });
  const scope = new RenderScope(input(desired));
  expect(appOf(desired, '/test/web/api-at-node-1.example').env?.['KOLLAGE_PROCESS']).toBe(
    'web/api@node-1.example',
  );
  const [workload] = scope.workloads.filter(({ id }) => id.startsWith('web/api@'));
  if (!workload) throw new Error('it is not there');
  expect(processBundle(scope, workload).spec.store).toMatchObject({ register: { as: 'web/api' } });
});

describe('what it is given in ZooKeeper', () => {
  const scope = new RenderScope(input(state()));
  const bundleOf = (id: string) => {
    const found = [...scope.workloads, ...scope.tasks].find((one) => one.id === id);
    if (!found) throw new Error(`no ${id}`);
    return { process: found, bundle: processBundle(scope, found) };
  };

  test('needs by registry, on its own node by asking, and tasks by the record that counts now', () => {
    expect(bundleOf('web/api').bundle.spec['needs']).toMatchObject([
      { kind: 'service', name: 'db/sql', service: 'db/server' },
      { kind: 'endpoint', name: 'db/sql', probe: { type: 'tcp' } },
      { kind: 'task', task: 'web/sync', fingerprint: 'current' },
    ]);
  });

  test('files with tokens, and secrets beside them', () => {
    const { process, bundle } = bundleOf('web/api');
    expect(bundle.files).toEqual([
      { path: 'files/api.conf', content: 'password = @{secret.pass}\n', mode: expect.any(String) },
    ]);
    expect(secretFiles(process, () => 'hunter2')).toEqual([
      { path: 'secrets/pass', content: 'hunter2', mode: '0600' },
    ]);
    expect(JSON.stringify(bundle)).not.toContain('hunter2');
  });

  test('a task says what it leaves, and is not registered', () => {
    const { spec } = bundleOf('web/sync').bundle;
    expect(spec['task']).toMatchObject({ outputs: { fresh: '/tmp/fresh' } });
    expect(spec.store).toEqual({ type: 'zookeeper', register: null, renew: null });
  });
});
