import type { Catalog, Located } from '../model/catalog.ts';
import type { DeploymentFile } from '../model/deployment.ts';
import { type Finding, KollageError, type Place } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type { Gather } from './gather.ts';
import { enableKey, type Globals } from './globals.ts';
import { truth } from './options.ts';

/** Services that are switched for the moment, whatever the files say. */
export interface Switched {
  readonly with?: readonly string[];
  readonly without?: readonly string[];
}

/**
 * The services that are on, sorted: those of the profile (all of the catalog when it has none), switched by `enable_…` in
 * globals.yml, and then by `services` in kollage.yaml, where a service that has settings is on.
 * `switched` wins over all of them; a service brings those along that it cannot do without.
 * Gathers KLG-105 for unknown profiles and services, KLG-104 for switches that are neither yes nor no.
 */
export function servicesOn(
  catalog: Catalog,
  file: Located<DeploymentFile>,
  globals: Globals,
  gather: Gather,
  switched: Switched = {},
): string[] {
  const on = new Set(gather.try(() => ofProfile(catalog, file)) ?? []);
  const turn = (service: string, state: boolean) => (state ? on.add(service) : on.delete(service));
  for (const service of catalog.services.keys()) {
    gather.try(() => {
      const key = enableKey(catalog, service);
      const given = globals.take(key);
      if (!given) return;
      const state = truth(given.value);
      if (state === undefined) {
        throw new KollageError({ code: 'KLG-104', message: `${key} must be yes or no`, place: given.place });
      }
      turn(service, state);
    });
  }
  for (const [service, settings] of Object.entries(file.value.services)) {
    gather.try(() => {
      known('service', service, catalog.services.keys(), file.at(['services', service]));
      turn(service, typeof settings === 'boolean' ? settings : settings.enabled);
    });
  }
  for (const service of [...(switched.with ?? []), ...(switched.without ?? [])])
    gather.try(() => known('service', service, catalog.services.keys()));
  for (const service of switched.with ?? []) {
    on.add(service);
    // What it cannot do without comes along, unless the file says no to that.
    for (const other of requiredBy(catalog, service)) if (!isOff(file, other)) on.add(other);
  }
  for (const service of switched.without ?? []) on.delete(service);
  return [...on].sort();
}

/** The services that one cannot do without, and those that these cannot do without. */
function requiredBy(catalog: Catalog, service: string, found = new Set<string>()): ReadonlySet<string> {
  for (const other of catalog.services.get(service)?.value.requires ?? []) {
    if (found.has(other)) continue;
    found.add(other);
    requiredBy(catalog, other, found);
  }
  return found;
}

function isOff(file: Located<DeploymentFile>, service: string): boolean {
  const settings = file.value.services[service];
  return settings === false || (typeof settings === 'object' && !settings.enabled);
}

function ofProfile({ file: { value }, services }: Catalog, file: Located<DeploymentFile>): Iterable<string> {
  const { profile } = file.value;
  if (profile !== undefined) known('profile', profile, Object.keys(value.profiles), file.at(['profile']));
  const chosen = profile === undefined ? defaultOf(value.profiles) : profile;
  return chosen === undefined ? services.keys() : (value.profiles[chosen]?.services ?? []);
}

/** The entry that is marked as the default; the last one, since a later catalog may choose another. Undefined without one. */
export function defaultOf(
  entries: Readonly<Record<string, { readonly default: boolean }>>,
): string | undefined {
  return Object.entries(entries).findLast(([, entry]) => entry.default)?.[0] ?? Object.keys(entries)[0];
}

/** Throws KLG-105 when a name is not among those there are. */
export function known(what: string, name: string, names: Iterable<string>, place?: Place): void {
  const all = [...names];
  if (all.includes(name)) return;
  const message = `there is no ${what} ${name}${suggestion(name, all)}`;
  throw new KollageError({ code: 'KLG-105', message, ...(place && { place }) });
}

/** KLG-109 for each service that is on without one that it requires. */
export function missingServices(
  catalog: Catalog,
  on: readonly string[],
  file: Located<DeploymentFile>,
): Finding[] {
  return on.flatMap((service) =>
    (catalog.services.get(service)?.value.requires ?? []).flatMap((other): Finding[] => {
      if (on.includes(other)) return [];
      const place = file.at(['services', file.value.services[other] === undefined ? service : other]);
      return [
        {
          code: 'KLG-109',
          severity: 'error',
          message: `${service} is on and needs ${other}, which is off`,
          place,
        },
      ];
    }),
  );
}
