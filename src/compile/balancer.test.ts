import { describe, expect, test } from 'vitest';
import { kubernetes } from '../engines/kubernetes/traits.ts';
import { marathon } from '../engines/marathon/traits.ts';
import { KollageError } from '../model/error.ts';
import { compileTest, resource, type TestCatalog, type TestDeployment } from './testing.ts';

const shop = (update: object = { strategy: 'blue-green' }): TestCatalog => ({
  services: {
    web: {
      image: 'app',
      config: { 'web.conf': { path: '/etc/web.conf' } },
      components: {
        api: {
          command: 'web --port {{ port("api") }}',
          config: ['web.conf'],
          endpoints: { api: { port: 5000, scheme: 'http', exposure: 'public', balanced: true } },
          health: { http: { endpoint: 'api', path: '/health' } },
          update,
        },
        agent: { command: 'agent --api {{ port("api") }}', needs: [{ endpoint: 'api' }] },
      },
    },
    front: {
      image: 'app',
      config: { 'front.cfg': { path: '/etc/front.cfg', onChange: 'reload' } },
      components: {
        server: {
          command: 'front',
          config: ['front.cfg'],
          endpoints: { status: { port: 9000 } },
          balances: { offset: 10_000, step: 100, join: 'tell join', leave: ['tell', 'leave'] },
        },
      },
    },
  },
  templates: {
    'web/web.conf.j2': 'url = {{ endpoint("web/api").url }}\nlisten = {{ bind }}:{{ port("api") }}',
    'front/front.cfg.j2':
      '{% for f in balanced() %}{{ f.id }} {{ f.port }} {{ f.health.path }}{% for s in f.servers %} {{ s.each }}{{ s.name }}={{ s.host }}:{{ s.port }}{% endfor %} on {{ f.bind }}\n{% endfor %}',
  },
});

const file = (deployment: TestDeployment = {}, update?: object) => {
  const { desired } = compileTest(shop(update), deployment);
  const text = (id: string) => resource(desired, 'config', id).files[0]?.content;
  return { desired, front: text('front/server'), web: text('web/api') };
};

function mistake(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof KollageError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('no error');
}

describe('behind a balancer', () => {
  test('an instance listens on the port of its slot, and everybody else asks the endpoint', () => {
    const { desired, web } = file();
    expect(web).toBe('url = http://127.0.0.1:5000\nlisten = 127.0.0.1:@{instance.port:api}');
    const api = resource(desired, 'workload', 'web/api');
    expect(api.command).toContain('@{instance.port:api}');
    expect(api.ports.map(({ port, slot }) => [port, slot])).toEqual([
      [15_000, 1],
      [15_100, 2],
    ]);
    expect(api.health?.probe).toMatchObject({ port: 15_000, path: '/health' });
    const agent = resource(desired, 'workload', 'web/agent');
    expect(agent.command).toContain('5000');
    expect(agent.needs).toMatchObject([{ probe: { type: 'http', port: 5000, path: '/health' } }]);
    expect(resource(desired, 'endpoint', 'web/api')).toMatchObject({ port: 5000, balancer: 'front/server' });
  });

  test('the balancer knows every slot, and takes the ports in front', () => {
    const { desired, front } = file();
    expect(front?.trim()).toBe(
      'web/api 5000 /health localhost-1=127.0.0.1:15000 localhost-2=127.0.0.1:15100 on 127.0.0.1',
    );
    const server = resource(desired, 'workload', 'front/server');
    expect(server.ports.map(({ endpoint, port }) => [endpoint, port])).toEqual([
      ['front/status', 9000],
      ['web/api', 5000],
    ]);
    expect(server.balances).toEqual({ join: ['tell', 'join'], leave: ['tell', 'leave'] });
  });

  test.each([
    ['rolling', 1, 1],
    ['blue-green', 1, 2],
    ['rolling', 3, 3],
    ['blue-green', 3, 4],
    ['blue-green', 0, 2],
  ] as const)('%s with %i replicas has %i slots', (strategy, replicas, slots) => {
    const { desired } = file({
      components: new Map([['web/api', { replicas, update: { strategy } }]]),
    });
    expect(resource(desired, 'workload', 'web/api').ports).toHaveLength(slots);
  });

  test('more replicas change the balancer, and no instance that is there', () => {
    const more = file({ components: new Map([['web/api', { replicas: 2 }]]) });
    const [one, two] = [file().desired, more.desired].map((desired) => [
      resource(desired, 'workload', 'web/api').fingerprint,
      resource(desired, 'workload', 'front/server').inputs,
    ]);
    expect(two?.[0]).toBe(one?.[0]);
    expect(two?.[1]).not.toEqual(one?.[1]);
    expect(two?.[1]).toMatchObject({ spec: Object(one?.[1]).spec });
  });

  test('without the balancer, or where each instance has an address, all is as without', () => {
    for (const deployment of [{ services: ['web'] }, { engineTraits: kubernetes }]) {
      const { desired } = compileTest(shop(), deployment);
      const api = resource(desired, 'workload', 'web/api');
      expect(api.ports).toEqual([{ endpoint: 'web/api', port: 5000, protocol: 'tcp', exposure: 'public' }]);
      expect(api.command).toContain('5000');
      expect(api.health?.probe).toMatchObject({ port: 5000 });
    }
  });

  test('where instances are registered, it follows them, and is what others ask', () => {
    const { desired, front, web } = file({ engineTraits: marathon });
    expect(front?.trim()).toBe(
      'web/api 5000 /health @{each.web/api}@{one.name}=@{one.address}:@{one.port:web/api} on @{node.address}',
    );
    expect(web).toContain('url = http://server-front-test.marathon.mesos:5000\n');
    const api = resource(desired, 'workload', 'web/api');
    expect(api.ports.map(({ port }) => port)).toEqual([15_000, 15_100]);
  });

  test('mistakes name what is wrong', () => {
    const many = { components: new Map([['web/api', { replicas: 600 }]]) };
    expect(mistake(() => file(many))).toMatch(/^KLG-209 instance 507 behind front\/server .* port 65600/);
    const twice = shop();
    const { front } = twice.services;
    const services = { ...twice.services, rear: { ...front, config: {}, components: {} } };
    const server = front?.components?.server;
    if (server) Object.assign(services.rear.components, { server: { ...server, config: [], endpoints: {} } });
    expect(mistake(() => compileTest({ ...twice, services }))).toMatch(
      /^KLG-209 front\/server is the balancer already/,
    );
  });
});

test('a workload follows the outputs that its files and variables hold, by what disturbs most', () => {
  const { desired } = compileTest({
    services: {
      back: {
        image: 'app',
        components: { server: { command: 'back', outputs: { port: '/tmp/port', name: '/tmp/name' } } },
      },
      front: {
        image: 'app',
        config: { a: { path: '/a', onChange: 'reload' }, b: { path: '/b', onChange: 'nothing' } },
        components: {
          server: {
            command: 'front',
            config: ['a', 'b'],
            env: { NAME: '{{ output("back/server", "name") }}' },
          },
        },
      },
    },
    templates: {
      'front/a.j2': '{{ output("back/server", "port") }}',
      'front/b.j2': '{{ output("back/server", "port") }} {{ output("back/server", "name") }}',
    },
  });
  expect(resource(desired, 'workload', 'front/server').follows).toEqual({
    'back/server:port': 'reload',
    'back/server:name': 'replace',
  });
  expect(resource(desired, 'workload', 'back/server').follows).toBeUndefined();
});
