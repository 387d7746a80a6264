import type { CompileInput } from '../src/compile/context.ts';
import { makeCatalog, makeDeployment, type TestCatalog } from '../src/compile/testing.ts';
import { marathon } from '../src/engines/marathon/traits.ts';
import type { Observed } from '../src/model/plan.ts';
import type { Desired } from '../src/model/resource.ts';
import { assign } from '../src/plan/instances.ts';

const services = Array.from({ length: 8 }, (_, index) => `service-${index}`);
const components = ['api', 'agent', 'worker', 'proxy', 'cache'];

/**
 * A platform of 8 services with 5 components and a task each, every component on every node: 40 instances a node.
 * Each component has a configuration file, needs and limits, every second one rights beyond the ordinary.
 */
export function platform(nodes: number, image = '1'): CompileInput {
  const catalog: TestCatalog = {
    services: Object.fromEntries(services.map((service, index) => [service, definition(service, index)])),
    templates: Object.fromEntries(services.map((service) => [`${service}/main.conf.j2`, template])),
    images: Object.fromEntries(services.map((service) => [`${service}-${image}`, []])),
  };
  const named = Object.fromEntries(services.map((service) => [service, { image: `${service}-${image}` }]));
  const withImages: TestCatalog = {
    ...catalog,
    services: Object.fromEntries(
      Object.entries(catalog.services).map(([name, value]) => [name, { ...value, ...named[name] }]),
    ),
  };
  return {
    catalog: makeCatalog(withImages),
    deployment: makeDeployment(withImages, {
      engine: { type: 'marathon' },
      nodes: Array.from({ length: nodes }, (_, index) => ({
        name: `compute-${String(index + 1).padStart(4, '0')}`,
        roles: ['controller', 'compute'],
        address: null,
        memory: 64 * 2 ** 30,
        cpus: 64,
      })),
    }),
    engine: marathon,
  };
}

/** What an engine would tell of it: every instance, and every node with its rights and images. */
export function observedOf(desired: Desired): Observed {
  return {
    instances: desired.resources.flatMap((resource) =>
      resource.kind === 'workload'
        ? assign(resource).map((node) => ({
            workload: resource.id,
            node,
            fingerprint: resource.fingerprint,
            state: 'running' as const,
          }))
        : [],
    ),
    tasks: desired.resources.flatMap((resource) =>
      resource.kind === 'task' ? [{ id: resource.id, fingerprint: resource.fingerprint }] : [],
    ),
    nodes: desired.nodes.map(({ name }) => ({
      name,
      capabilities: ['NET_ADMIN', 'SYS_ADMIN'],
      listeners: [{ port: 22, protocol: 'tcp', address: '0.0.0.0', process: 'sshd' }],
    })),
  };
}

const template = `[DEFAULT]
my_ip = {{ node.address }}
{% for n in range(40) %}
option_{{ n }} = {{ component }}-{{ n }}
{% endfor %}
`;

function definition(service: string, index: number): TestCatalog['services'][string] {
  const before = services[index - 1];
  return {
    image: `${service}-1`,
    config: { 'main.conf': { path: `/etc/${service}/main.conf`, format: 'ini', main: true } },
    tasks: { sync: { command: 'sync', needs: before === undefined ? [] : [{ endpoint: `${before}/api` }] } },
    components: Object.fromEntries(
      components.map((name, at) => [
        name,
        {
          command: `${name} --config-file /etc/${service}/main.conf`,
          config: ['main.conf'],
          scale: { each: 'node' },
          endpoints: { [name]: { port: 10_000 + index * 10 + at } },
          health: { tcp: { endpoint: name } },
          needs: [{ task: 'sync' }, ...(name === 'api' ? [] : [{ endpoint: 'api' }])],
          resources: { memory: '256M', cpus: 0.5 },
          mounts: [{ host: `/srv/${service}/${name}`, path: '/data' }],
          privileges: at % 2 === 0 ? {} : { capabilities: ['NET_ADMIN'] },
        },
      ]),
    ),
  };
}
