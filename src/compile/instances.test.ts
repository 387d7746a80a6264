import { expect, test } from 'vitest';
import { kubernetes } from '../engines/kubernetes/traits.ts';
import { KollageError } from '../model/error.ts';
import { compileTest, resource, type TestCatalog, type TestDeployment } from './testing.ts';

/* Instances that have volumes of their own: what they are where engines give them names, and where not. */

const server = {
  command: 'dbd',
  config: ['db.conf'],
  endpoints: {
    main: { port: 3306 },
    peers: { when: "instances('db/server') | length > 0", port: 4567, exposure: 'peers' as const },
  },
  health: { tcp: { endpoint: 'main' } },
  mounts: [{ volume: 'data', path: '/var/lib/db' }],
  update: { strategy: 'recreate' as const },
  members: {
    command: 'dbd --cluster',
    health: { tcp: { endpoint: 'main' }, grace: 900, patient: true },
  },
};

function catalog(more: object = {}, text = hosts): TestCatalog {
  return {
    services: {
      db: {
        image: 'app',
        volumes: { data: { each: 'instance' } },
        config: { 'db.conf': { path: '/etc/db.conf' } },
        components: { server: { ...server, ...more } },
      },
    },
    templates: { 'db/db.conf.j2': text },
  };
}

const hosts =
  "{{ instances('db/server') | join(' ') }}{% if instances('db/server') %} own={{ instance.host }}{% endif %}";
const cluster = { engineTraits: kubernetes, engine: { type: 'kubernetes', namespace: 'ns' } } as const;

function compiled(replicas: number, deployment: TestDeployment = {}, made = catalog()) {
  return compileTest(made, { components: new Map([['db/server', { replicas }]]), ...deployment }).desired;
}

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof KollageError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
}

test('instances with names are told to templates, each with its own as a token, and are members', () => {
  const desired = compiled(2, cluster);
  const host = (name: string) => `${name}.db-server-pods.ns.svc`;
  expect(resource(desired, 'config', 'db/server').files[0]?.content).toBe(
    `${host('db-server-0')} ${host('db-server-1')} own=${host('@{instance.name}')}`,
  );
  const { command, health, update } = resource(desired, 'workload', 'db/server');
  expect({ command, health, update }).toMatchObject({
    command: ['dbd', '--cluster'],
    health: { grace: 900, patient: true },
    update: { strategy: 'rolling' },
  });
  expect(resource(desired, 'endpoint', 'db/peers').exposure).toBe('peers');
});

test('a single one has a name too, so that others may come; it stops before the next one starts', () => {
  const { command, update } = resource(compiled(1, cluster), 'workload', 'db/server');
  expect({ command, strategy: update.strategy }).toEqual({
    command: ['dbd', '--cluster'],
    strategy: 'recreate',
  });
});

test('none at all keep what they are: the others may not think that there is no cluster', () => {
  const content = (replicas: number) =>
    resource(compiled(replicas, cluster), 'config', 'db/server').files[0]?.content;
  expect(content(0)).toBe(content(1));
});

test('without names there is nothing to tell, and a component is what it is anywhere', () => {
  const desired = compiled(1);
  expect(resource(desired, 'config', 'db/server').files[0]?.content).toBe('');
  const { command, health, update } = resource(desired, 'workload', 'db/server');
  expect({ command, grace: health?.grace, strategy: update.strategy }).toEqual({
    command: ['dbd'],
    grace: 60,
    strategy: 'recreate',
  });
  expect(desired.resources.some(({ id }) => id === 'db/peers')).toBe(false);
});

test('several are refused where each cannot have its own volume', () => {
  expect(code(() => compiled(2))).toMatch(/^KLG-210 db\/server needs several instances, each with a volume/);
});

test('a volume for each instance is for one component with a number of them', () => {
  const each = catalog({ scale: { each: 'node' }, config: [], endpoints: { main: { port: 1 } } });
  expect(code(() => compileTest(each, cluster))).toMatch(/^KLG-209 db\/data is a volume for each instance/);
  const two = catalog();
  const other = { command: 'x', mounts: [{ volume: 'db/data', path: '/x' }] };
  const both = {
    ...two,
    services: { ...two.services, web: { image: 'app', components: { api: other } } },
  };
  expect(code(() => compileTest(both, cluster))).toMatch(/^KLG-209 .* not db\/server and web\/api$/);
});

test('a component that is asked for and does not exist is a mistake', () => {
  expect(code(() => compiled(1, cluster, catalog({}, "{{ instances('db/sever') }}")))).toMatch(
    /^KLG-105 there is no component db\/sever; did you mean db\/server\?/,
  );
});
