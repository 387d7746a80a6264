import { loadCatalog } from '../../src/load/catalog.ts';
import { neededSecrets } from '../../src/load/secrets-needed.ts';
import type { Catalog } from '../../src/model/catalog.ts';
import { deploymentFile } from '../../src/model/deployment.ts';
import type { Deployment } from '../../src/model/loaded.ts';
import type { Option } from '../../src/model/service.ts';

/** The OpenStack catalog with every service on, one node, every secret there. */
export function everything(release: string): { catalog: Catalog; deployment: Deployment } {
  const catalog = loadCatalog(['openstack'], '.');
  const services = [...catalog.services.keys()].sort();
  const secrets = [...neededSecrets(catalog, services).keys()].map(
    (name) => [name, `print of ${name}`] as const,
  );
  const deployment: Deployment = {
    name: 'test',
    release,
    engine: { type: 'docker' },
    address: '192.0.2.1',
    interface: null,
    externalAddress: '198.51.100.1',
    services,
    options: new Map(),
    components: new Map(),
    checks: [],
    hooks: {},
    timeouts: { needs: 600 },
    nodes: [
      {
        name: 'localhost',
        roles: Object.keys(catalog.file.value.roles),
        address: null,
        memory: null,
        cpus: null,
      },
    ],
    images: deploymentFile.parse({ name: 'test' }).images,
    globals: new Map(),
    overrides: [],
    at: () => ({ file: 'kollage.yaml' }),
    secrets: new Map(secrets),
  };
  return { catalog, deployment };
}

/** Every option of the catalog and of its services, traits' included, by the name that a deployment sets it with. */
export function optionsOf(catalog: Catalog): { name: string; option: Option }[] {
  const own = Object.entries(catalog.file.value.options).map(([name, option]) => ({ name, option }));
  const services = [...catalog.services].flatMap(([service, { value }]) => {
    const traits = Object.keys(value.traits).flatMap((trait) =>
      Object.entries(catalog.traits.get(trait)?.value.options ?? {}),
    );
    return [...traits, ...Object.entries(value.options)].map(([name, option]) => ({
      name: `${service}.${name}`,
      option,
    }));
  });
  return [...own, ...services];
}
