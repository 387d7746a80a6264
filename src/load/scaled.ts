import type { Catalog, PlaceOf } from '../model/catalog.ts';
import type { ComponentSettings } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import type { Gather } from './gather.ts';
import { known } from './services-on.ts';

/** Numbers of instances by `service/component`, whatever the files say. */
export type Replicas = ReadonlyMap<string, number>;

/**
 * The settings of components with these numbers of instances. Gathers KLG-105 for services and components that do not exist, KLG-109 for a service that
 * is off.
 */
export function withReplicas(
  components: ReadonlyMap<string, ComponentSettings>,
  replicas: Replicas,
  { catalog, services, gather }: { catalog: Catalog; services: readonly string[]; gather: Gather },
): ReadonlyMap<string, ComponentSettings> {
  const scaled = new Map(components);
  for (const [id, number] of replicas)
    gather.try(() => {
      const [service = '', name = ''] = id.split('/');
      known('service', service, catalog.services.keys());
      const names = Object.keys(catalog.services.get(service)?.value.components ?? {});
      known(
        'component',
        id,
        names.map((one) => `${service}/${one}`),
      );
      if (!services.includes(service))
        throw new KollageError({
          code: 'KLG-109',
          message: `${id} cannot be scaled: the service ${service} is off`,
          next: `Turn it on: \`kollage up --with ${service}\`.`,
        });
      scaled.set(id, { ...components.get(`${service}/${name}`), replicas: number });
    });
  return scaled;
}

/** KLG-104 for each component that runs once on every node, and is to have another number of instances. */
export function checkReplicas(
  catalog: Catalog,
  components: ReadonlyMap<string, ComponentSettings>,
  at: PlaceOf,
  gather: Gather,
): void {
  for (const [id, { replicas }] of components) {
    const [service = '', name = ''] = id.split('/');
    const scale = catalog.services.get(service)?.value.components[name]?.scale;
    if (replicas === undefined || !scale || !('each' in scale)) continue;
    gather.try(() => {
      throw new KollageError({
        code: 'KLG-104',
        message: `${id} runs once on each of its nodes, and takes no replicas`,
        place: at(['services', service, 'components', name, 'replicas']),
        next: 'Give its role to more nodes or to fewer, or another `role` to the component.',
      });
    });
  }
}
