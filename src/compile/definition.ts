import type { Catalog, PlaceOf } from '../model/catalog.ts';
import { KollageError } from '../model/error.ts';
import type { Component, ConfigFileDefinition, Service, TaskDefinition, Trait } from '../model/service.ts';

/** A part of a definition, with where it stands and, from a trait, the trait's parameters. */
export interface Part<T> {
  readonly value: T;
  readonly at: PlaceOf;
  readonly path: readonly PropertyKey[];
  readonly with: Readonly<Record<string, unknown>> | null;
}

/** A service together with what its traits bring. Its own parts win over a trait's of the same name. */
export interface Definition {
  readonly name: string;
  readonly service: Service;
  readonly at: PlaceOf;
  readonly components: ReadonlyMap<string, Part<Component>>;
  readonly tasks: ReadonlyMap<string, Part<TaskDefinition>>;
  readonly config: ReadonlyMap<string, Part<ConfigFileDefinition>>;
  readonly volumes: ReadonlyMap<string, Part<Service['volumes'][string]>>;
  /** What it gives its traits, defaults included. */
  readonly traits: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Lays the traits of a service under it. Throws KLG-105 where a trait does not exist. */
export function define(catalog: Catalog, name: string): Definition {
  const located = catalog.services.get(name);
  if (!located) throw new KollageError({ code: 'KLG-105', message: `there is no service ${name}` });
  const { value: service, at } = located;
  const tasks = new Map<string, Part<TaskDefinition>>();
  const config = new Map<string, Part<ConfigFileDefinition>>();
  const volumes = new Map<string, Part<Service['volumes'][string]>>();
  const traits = new Map<string, Readonly<Record<string, unknown>>>();
  const lay = (body: Trait | Service, from: PlaceOf, parameters: Part<unknown>['with']) => {
    add(tasks, 'tasks', body.tasks, from, parameters);
    add(config, 'config', body.config, from, parameters);
    add(volumes, 'volumes', body.volumes, from, parameters);
  };
  for (const [traitName, given] of Object.entries(service.traits)) {
    const trait = catalog.traits.get(traitName);
    if (!trait) {
      throw new KollageError({
        code: 'KLG-105',
        message: `${name} uses the trait ${traitName}, which the catalog does not have`,
        place: at(['traits', traitName]),
      });
    }
    const parameters = { ...defaults(trait.value), ...given };
    traits.set(traitName, parameters);
    lay(trait.value, trait.at, parameters);
  }
  lay(service, at, null);
  const components = new Map<string, Part<Component>>();
  add(components, 'components', service.components, at, null);
  return { name, service, at, components, tasks, config, volumes, traits };
}

function add<T>(
  into: Map<string, Part<T>>,
  key: string,
  parts: Readonly<Record<string, T>>,
  at: PlaceOf,
  parameters: Part<T>['with'],
): void {
  for (const [name, value] of Object.entries(parts))
    into.set(name, { value, at, path: [key, name], with: parameters });
}

function defaults(trait: Trait): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(trait.parameters).map(([name, parameter]) => [name, parameter.default ?? null]),
  );
}
