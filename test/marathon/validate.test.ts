import { expect, test } from 'vitest';
import { appViolations, groupViolations } from './validate.ts';

const app = { id: '/g/a', cmd: 'sleep 1' } as const;
const group = (...apps: readonly object[]) => ({ id: '/g', apps });
const errors = (one: object) => groupViolations(group({ ...app, ...one })).map(({ error }) => error);

test('what is right is taken', () => {
  expect(groupViolations(group(app, { ...app, id: '/g/b' }))).toEqual([]);
  expect(groupViolations({ id: '/g', groups: [{ id: '/g/h', apps: [{ ...app, id: '/g/h/a' }] }] })).toEqual(
    [],
  );
});

test.each([
  ['a field that there is none of', { instance: 1 }],
  ['another type', { instances: '1' }],
  ['less than none', { instances: -1 }],
  ['no cpus at all', { cpus: 0 }],
  ['a name that is none', { portDefinitions: [{ name: 'A_b' }] }],
  ['a port that is none', { portDefinitions: [{ port: 65_536 }] }],
  ['a mode that is none', { networks: [{ mode: 'bridge' }] }],
  ['more than all', { upgradeStrategy: { minimumHealthCapacity: 1.1, maximumOverCapacity: 0 } }],
  ['a constraint of one word', { constraints: [['hostname']] }],
  ['a volume of no kind', { container: { volumes: [{ containerPath: '/a', mode: 'RW' }] } }],
])('its types have not: %s', (_, one) => {
  expect(errors(one).length).toBeGreaterThan(0);
});

const host = { networks: [{ mode: 'host' }] };
const volume = (external: object) => ({
  container: { docker: { image: 'i' }, volumes: [{ containerPath: '/a', mode: 'RW', external }] },
});

test.each([
  [{ args: ['x'] }, "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'."],
  [
    { ...host, container: { docker: { image: 'i' }, portMappings: [{ containerPort: 1 }] } },
    'portMappings are not allowed with host-networking',
  ],
  [
    { networks: [{ mode: 'container/bridge' }], portDefinitions: [{ port: 1 }] },
    'portDefinitions are only allowed with host-networking',
  ],
  [{ networks: [{ mode: 'host', name: 'x' }] }, 'Host networks may not have names or labels'],
  [
    { networks: [{ mode: 'host' }, { mode: 'container', name: 'x' }] },
    'May specify a single host network, single bridge network, or else 1-to-n container networks',
  ],
  [{ ...host, portDefinitions: [{ name: 'a' }, { name: 'a' }] }, 'Port names must be unique.'],
  [{ ...host, portDefinitions: [{ port: 1 }, { port: 1 }] }, 'Ports must be unique.'],
  [
    { ...host, portDefinitions: [{ port: 1 }], healthChecks: [{ portIndex: 1 }] },
    'Health check port indices must address an element of the ports array or container port mappings.',
  ],
  [
    { healthChecks: [{ protocol: 'MESOS_TCP' }, { protocol: 'MESOS_HTTP' }] },
    'AppDefinition can contain at most one Mesos health check',
  ],
  [{ constraints: [['hostname', 'UNIQUE', 'x']] }, 'UNIQUE does not accept a value'],
  [{ constraints: [['a', 'LIKE']] }, 'LIKE and UNLIKE require a non-empty, regular expression value'],
  [{ constraints: [['a', 'LIKE', '(']] }, 'is not a valid regular expression'],
  [{ constraints: [['a', 'MAX_PER', 'x']] }, 'MAX_PER requires an integer value'],
  [
    { constraints: [['a', 'GROUP_BY', 'x']] },
    'GROUP BY must define an integer value or else no value at all',
  ],
  [
    { constraints: [['a', 'NEAR', 'x']] },
    'operator must be one of the following UNIQUE, CLUSTER, GROUP_BY, LIKE, MAX_PER, UNLIKE or IS',
  ],
  [{ constraints: [['', 'UNIQUE']] }, 'missing field for constraint declaration'],
  [{ readinessChecks: [{ portName: 'x' }] }, 'No port definition reference for portName x'],
  [{ unreachableStrategy: { inactiveAfterSeconds: 2, expungeAfterSeconds: 1 } }, 'got 2, expected 1 or less'],
  [
    { ...volume({ name: 'v', provider: 'dvdi', options: { 'dvdi/driver': 'r' } }), instances: 2 },
    'Number of instances is limited to 1 when declaring DVDI volumes in app [/g/a]',
  ],
  [volume({ name: 'v', provider: 'dvdi', options: { 'dvdi/size': '1' } }), 'must only contain "dvdi/driver"'],
  [volume({ name: 'v', provider: 'dvdi', size: 1 }), 'must be undefined for Docker containers'],
  [
    {
      container: {
        volumes: [{ containerPath: 'a', mode: 'RW', persistent: { size: 1 } }],
      },
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    },
    'unreachableStrategy must be disabled for resident tasks',
  ],
])('its rules: %#', (one, error) => {
  expect(errors(one)).toEqual([error]);
});

test('ids lie below their group, and are there once', () => {
  expect(groupViolations(group({ ...app, id: '/h/a' }))).toEqual([
    { path: '//h/a/id', error: "Identifier is not child of '/g'" },
  ]);
  expect(groupViolations(group(app, app)).map(({ error }) => error)).toEqual(['App id /g/a is not unique']);
});

test('a volume of a driver is one app’s alone', () => {
  const container = volume({ name: 'v', provider: 'dvdi', options: { 'dvdi/driver': 'r' } });
  const made = group({ ...app, ...container }, { ...app, id: '/g/b', ...container });
  expect(groupViolations(made).map(({ path, error }) => [path, error])).toEqual([
    ['/g/a', "Volume name 'v' in /g/a conflicts with volume(s) of same name in app(s): /g/b"],
    ['/g/b', "Volume name 'v' in /g/b conflicts with volume(s) of same name in app(s): /g/a"],
  ]);
});

test('an app alone is held against the rules too', () => {
  expect(appViolations(app)).toEqual([]);
  expect(appViolations({ id: '/g/a' })).toHaveLength(1);
});
