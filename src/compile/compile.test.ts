import { describe, expect, test } from 'vitest';
import { kubernetes } from '../engines/kubernetes/traits.ts';
import { KollageError } from '../model/error.ts';
import { canonical } from './fingerprint.ts';
import { compileTest, resource, type TestCatalog, type TestDeployment } from './testing.ts';

const shop: TestCatalog = {
  catalog: { options: { debug: { type: 'boolean', doc: '', default: false } } },
  services: {
    db: {
      image: 'app',
      secrets: { db_password: {} },
      volumes: { data: {} },
      config: { 'db.cnf': { path: '/etc/db.cnf' } },
      components: {
        server: {
          command: 'dbd --config /etc/db.cnf',
          config: ['db.cnf'],
          endpoints: { main: { port: 3306, scheme: 'mysql' } },
          health: { mysql: { endpoint: 'main' } },
          mounts: [{ volume: 'data', path: '/var/lib/db' }],
        },
      },
    },
    web: {
      image: 'app',
      traits: { database: { name: 'web' } },
      options: {
        threads: { type: 'integer', doc: '', default: 4, globals: ['web_threads'] },
        port: { type: 'integer', doc: '', default: 8080 },
      },
      config: {
        'web.conf': { path: '/etc/web/web.conf', format: 'ini', main: true, owner: 'web' },
        'policy.yaml': { path: '/etc/web/policy.yaml', format: 'yaml', optional: true, onChange: 'nothing' },
      },
      tasks: {
        migrate: {
          command: 'web-manage migrate',
          config: ['web.conf'],
          needs: [{ task: 'create-database' }],
          rerun: ['image', 'command'],
        },
      },
      components: {
        api: {
          command: 'web --threads {{ options.threads }}',
          config: ['web.conf', 'policy.yaml'],
          endpoints: { api: { port: '{{ options.port }}', scheme: 'http', exposure: 'public' } },
          health: { http: { endpoint: 'api', path: '/health' } },
          needs: [{ endpoint: 'db/main' }, { task: 'migrate' }],
        },
        agent: {
          command: 'agent',
          scale: { each: 'node' },
          role: 'compute',
          needs: [{ endpoint: 'api' }],
          config: ['web.conf'],
        },
      },
    },
  },
  traits: {
    database: {
      parameters: { name: { doc: '' } },
      config: { 'create.sql': { path: '/etc/create.sql', template: 'lib/create.sql.j2' } },
      tasks: {
        'create-database': {
          command: 'sql /etc/create.sql',
          config: ['create.sql'],
          needs: [{ endpoint: 'db/main' }],
        },
      },
    },
  },
  templates: {
    'db/db.cnf.j2': 'bind={{ bind }}\npassword={{ secret("db_password") }}\n',
    'web/web.conf.j2':
      '[DEFAULT]\ndebug = {{ options.debug }}\nlisten = {{ bind }}\n[database]\nurl = {{ endpoint("db/main").url }}\npassword = {{ secret("db_password") }}\n',
    'lib/create.sql.j2': 'CREATE DATABASE {{ with.name }}; -- {{ secret("db_password") }}\n',
  },
};

const whole: TestDeployment = { secrets: { db_password: 'f1' } };

function code(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof KollageError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('what comes out', () => {
  const { desired, findings } = compileTest(shop, whole);

  test('no finding, and the same bytes each time', () => {
    expect(findings).toEqual([]);
    expect(canonical(compileTest(shop, whole).desired)).toBe(canonical(desired));
  });

  test('an endpoint has its address and the workload that answers', () => {
    expect(resource(desired, 'endpoint', 'web/api')).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      workload: 'web/api',
      url: 'http://127.0.0.1:8080',
    });
  });

  test('a need on an endpoint is probed as its component is', () => {
    const agent = resource(desired, 'workload', 'web/agent');
    expect(agent.needs).toEqual([
      {
        kind: 'endpoint',
        endpoint: 'web/api',
        on: 'any',
        probe: {
          type: 'http',
          scheme: 'http',
          host: '127.0.0.1',
          port: 8080,
          path: '/health',
          status: [200],
          body: null,
        },
      },
    ]);
    expect(resource(desired, 'workload', 'web/api').needs[0]).toMatchObject({
      probe: { type: 'mysql', port: 3306 },
    });
  });

  test('secrets stay tokens, and are known where they are used', () => {
    expect(canonical(desired)).toContain('@{secret.db_password}');
    expect(resource(desired, 'workload', 'web/api').secrets).toEqual(['db_password']);
    expect(resource(desired, 'task', 'web/create-database').secrets).toEqual(['db_password']);
    expect(resource(desired, 'secret', 'db_password').fingerprint).toBe('f1');
  });

  test("a trait's task sees its parameters and the service's name", () => {
    const bundle = resource(desired, 'config', 'web/create-database');
    expect(bundle.files[0]?.content).toContain('CREATE DATABASE web;');
  });

  test('a template sees who has a trait, and what each gives it', () => {
    const { services, templates } = shop;
    const list = "{% for one in having('database') %}{{ one.service }}={{ one.name }} {% endfor %}";
    const inventory = { ...services['web'], traits: { database: { name: 'stock_{{ service }}' } } };
    const files = (also: Record<string, object>) =>
      resource(
        compileTest(
          {
            ...shop,
            services: { ...services, ...also },
            templates: { ...templates, 'db/db.cnf.j2': list, 'inventory/web.conf.j2': '' },
          },
          whole,
        ).desired,
        'config',
        'db/server',
      ).files[0]?.content;
    expect(files({})).toBe('web=web ');
    const { components: _, ...tasksOnly } = inventory;
    expect(files({ inventory: tasksOnly })).toBe('inventory=stock_inventory web=web ');
    expect(
      code(() =>
        compileTest({ ...shop, templates: { ...templates, 'db/db.cnf.j2': "{{ having('x') }}" } }, whole),
      ),
    ).toBe('KLG-105');
  });

  test("kolla's config.json says what is copied where, by whom, and the command", () => {
    const bundle = resource(desired, 'config', 'web/api');
    const config: unknown = JSON.parse(
      bundle.files.find((file) => file.name === 'config.json')?.content ?? '',
    );
    expect(config).toEqual({
      command: 'web --threads 4',
      config_files: [
        {
          source: '/var/lib/kolla/config_files/web.conf',
          dest: '/etc/web/web.conf',
          owner: 'web',
          perm: '0600',
        },
      ],
      permissions: [],
    });
  });

  test('an optional file is there only with an override', () => {
    expect(resource(desired, 'config', 'web/api').files.map((file) => file.name)).toEqual([
      'web.conf',
      'config.json',
    ]);
    const other = compileTest(shop, { ...whole, overrides: { 'web/policy.yaml': 'a: b\n' } });
    expect(resource(other.desired, 'config', 'web/api').files.map((file) => file.name)).toEqual([
      'web.conf',
      'policy.yaml',
      'config.json',
    ]);
  });
});

/** Which fingerprints a change of the input changes: those named, and no other. */
describe('fingerprints', () => {
  const before = prints(compileTest(shop, whole));

  function prints({ desired }: ReturnType<typeof compileTest>): Map<string, string> {
    return new Map(
      desired.resources.flatMap((r) =>
        r.kind === 'workload' || r.kind === 'task' ? [[r.id, r.fingerprint] as const] : [],
      ),
    );
  }

  test.each<[string, TestDeployment, string[]]>([
    ['nothing', whole, []],
    ['an option that one command uses', { ...whole, options: { 'web.threads': 8 } }, ['web/api']],
    ['an option that a shared file uses', { ...whole, options: { debug: true } }, ['web/agent', 'web/api']],
    [
      'a port that others probe, and none but its owner uses',
      { ...whole, options: { 'web.port': 81 } },
      ['web/api'],
    ],
    [
      'a secret',
      { secrets: { db_password: 'f2' } },
      ['db/server', 'web/agent', 'web/api', 'web/create-database'],
    ],
    [
      'an override of a service',
      { ...whole, overrides: { 'web.conf': '[x]\ny = 1\n' } },
      ['web/agent', 'web/api'],
    ],
    [
      'an override of a component',
      { ...whole, overrides: { 'web/web-agent.conf': '[x]\ny = 1\n' } },
      ['web/agent'],
    ],
    ['an image', { ...whole, components: new Map([['web/agent', { image: 'other/app:1' }]]) }, ['web/agent']],
    [
      'replicas, resources and update policy',
      {
        ...whole,
        components: new Map([['web/api', { replicas: 3, resources: { cpus: 2 }, update: { batch: 2 } }]]),
      },
      [],
    ],
  ])('%s', (_, deployment, changed) => {
    const after = prints(compileTest(shop, deployment));
    expect(
      [...after]
        .filter(([id, print]) => before.get(id) !== print)
        .map(([id]) => id)
        .sort(),
    ).toEqual(changed);
  });
});

describe('overrides', () => {
  const nodes = ['a', 'b', 'c'].map((name) => ({
    name,
    roles: ['compute', ...(name === 'a' ? ['controller'] : [])],
    address: null,
    memory: null,
    cpus: null,
  }));
  const cluster: TestDeployment = { ...whole, nodes, engineTraits: kubernetes };

  test("a node's own overrides make a workload of its own there", () => {
    const { desired } = compileTest(shop, { ...cluster, overrides: { 'web/b/web.conf': '[x]\ny = 1\n' } });
    expect(resource(desired, 'workload', 'web/agent').placement.nodes).toEqual(['a', 'c']);
    const apart = resource(desired, 'workload', 'web/agent@b');
    expect(apart.placement.nodes).toEqual(['b']);
    expect(apart.fingerprint).not.toBe(resource(desired, 'workload', 'web/agent').fingerprint);
    expect(resource(desired, 'config', 'web/agent@b').files[0]?.content).toContain('y = 1');
  });

  test.each([
    ['only one service has the file', 'db.cnf', true],
    ['two have it', 'shared.txt', false],
  ])('right below config/ when %s', (_, path, read) => {
    const shared = {
      config: { 'shared.txt': { path: '/shared.txt' } },
      image: 'app',
      components: { x: { command: 'x', config: ['shared.txt'] } },
    };
    const catalog: TestCatalog = {
      ...shop,
      services: { ...shop.services, one: shared, two: shared },
      templates: { ...shop.templates, 'one/shared.txt.j2': 'a', 'two/shared.txt.j2': 'a' },
    };
    const { findings } = compileTest(catalog, { ...whole, overrides: { [path]: 'b\n' } });
    expect(findings.map(({ code }) => code)).toEqual(read ? [] : ['KLG-110']);
  });

  test('an override that nothing reads is found, with the nearest right name', () => {
    const { findings } = compileTest(shop, { ...whole, overrides: { 'web/web-agnet.conf': '' } });
    expect(findings).toMatchObject([
      { code: 'KLG-110', severity: 'warning', place: { file: 'config/web/web-agnet.conf', line: 1 } },
    ]);
    expect(findings[0]?.message).toContain('config/web/web-agent.conf');
  });

  test("kolla's variables are there: keys of globals.yml, aliases of options, secrets", () => {
    const text =
      '[k]\na = {{ my_key }}\nb = {{ web_threads }}\nc = {{ db_password }}\nd = {{ inventory_hostname }}\ne = {{ second }}\n';
    const { desired } = compileTest(shop, {
      ...whole,
      globals: { my_key: 'seven', second: '{{ my_key }}-{{ web_threads }}' },
      overrides: { 'web.conf': text },
    });
    const content = resource(desired, 'config', 'web/api').files[0]?.content;
    for (const line of ['a = seven', 'b = 4', 'c = @{secret.db_password}', 'd = @{node.name}', 'e = seven-4'])
      expect(content).toContain(line);
  });
});

describe('addresses', () => {
  test.each<[string, TestDeployment, string]>([
    ['one node', whole, 'listen = 127.0.0.1'],
    ['an interface', { ...whole, interface: 'eth1' }, 'listen = @{node.address:eth1}'],
    ['a cluster with addresses of its own', { ...whole, engineTraits: kubernetes }, 'listen = 0.0.0.0'],
  ])('%s', (_, deployment, line) => {
    expect(resource(compileTest(shop, deployment).desired, 'config', 'web/api').files[0]?.content).toContain(
      line,
    );
  });

  test('an engine with names of its own gives them to endpoints', () => {
    const { desired } = compileTest(shop, { ...whole, engineTraits: kubernetes });
    expect(resource(desired, 'endpoint', 'db/main').url).toBe('mysql://db-server.test.svc:3306');
  });
});

test('all processes of a service get its variables, where they have no own of the name', () => {
  const { desired } = compileTest({
    services: {
      web: {
        image: 'app',
        env: { A: 'of {{ service }}', B: 'of all' },
        components: { api: { command: 'x', env: { B: 'own' } } },
        tasks: { job: { command: 'y' } },
      },
    },
  });
  expect(resource(desired, 'workload', 'web/api').env).toEqual({ A: 'of web', B: 'own' });
  expect(resource(desired, 'task', 'web/job').env).toEqual({ A: 'of web', B: 'of all' });
});

describe('mistakes', () => {
  const one = (component: object, more: Partial<TestCatalog['services'][string]> = {}): TestCatalog => ({
    services: { web: { image: 'app', components: { api: { command: 'x', ...component } }, ...more } },
  });

  test.each<[string, string, TestCatalog]>([
    ['an unknown endpoint', 'KLG-202', one({ needs: [{ endpoint: 'db/main' }] })],
    ['an unknown endpoint in a template', 'KLG-202', one({ command: '{{ endpoint("db/mian").url }}' })],
    ['an unknown task', 'KLG-202', one({ needs: [{ task: 'migrate' }] })],
    ['an unknown component', 'KLG-202', one({ needs: [{ component: 'x/y' }] })],
    [
      'a task that is left out for one that it does not need',
      'KLG-209',
      one(
        {},
        {
          tasks: {
            a: { command: 'a', outputs: { fresh: '/tmp/fresh' } },
            b: { command: 'b', unless: { output: 'a', key: 'fresh', is: 'yes' } },
          },
        },
      ),
    ],
    ['an unknown output', 'KLG-202', one({ needs: [{ output: 'x/y', key: 'port' }] })],
    ['an unknown volume', 'KLG-202', one({ mounts: [{ volume: 'v', path: '/x' }] })],
    ['an unknown role', 'KLG-105', one({ role: 'contoller' })],
    ['an unknown trait', 'KLG-105', one({}, { traits: { database: {} } })],
    ['an image that nobody builds', 'KLG-205', one({ image: 'ap' })],
    ['an unknown variable', 'KLG-206', one({ command: '{{ optoins.x }}' })],
    ['a port out of range', 'KLG-209', one({ endpoints: { api: { port: 70000 } } })],
    [
      'two endpoints of one name',
      'KLG-209',
      one(
        { endpoints: { api: { port: 1 } } },
        {
          components: {
            a: { command: 'x', endpoints: { api: { port: 1 } } },
            b: { command: 'x', endpoints: { api: { port: 2 } } },
          },
        },
      ),
    ],
    ['a port that is no number', 'KLG-209', one({ endpoints: { api: { port: '{{ "a" }}' } } })],
    ['no command', 'KLG-209', one({ command: '' })],
    ['a word that kolla would split', 'KLG-209', one({ command: ['bash', '-c', 'a b'] })],
    ['a mount without a source', 'KLG-209', one({ mounts: [{ path: '/x' }] })],
    ['a size that is none', 'KLG-209', one({ resources: { memory: '12 apples' } })],
    ['an undefined configuration file', 'KLG-209', one({ config: ['x.conf'] })],
    ['a missing template', 'KLG-209', one({ config: ['x.conf'] }, { config: { 'x.conf': { path: '/x' } } })],
    ['a secret in a command', 'KLG-123', one({ command: 'x --password={{ secret("p") }}' })],
    [
      'waiting for what only a command can tell',
      'KLG-209',
      one({ needs: [{ component: 'api' }], health: { command: 'true' } }),
    ],
  ])('%s', (_, expected, catalog) => {
    expect(code(() => compileTest(catalog, { secrets: { p: 'f' } }))).toBe(expected);
  });

  test('a missing secret is a finding, each once', () => {
    const { findings } = compileTest(shop, {});
    expect(findings).toMatchObject([
      { code: 'KLG-120', severity: 'error', message: 'the secret db_password is missing' },
    ]);
  });

  test('an engine that cannot hold it', () => {
    const nodes = ['a', 'b'].map((name) => ({
      name,
      roles: ['controller', 'compute'],
      address: null,
      memory: null,
      cpus: null,
    }));
    expect(code(() => compileTest(shop, { ...whole, nodes }))).toBe('KLG-210');
  });
});
