import type { Catalog } from '../model/catalog.ts';
import { KollageError } from '../model/error.ts';
import type { SecretSpec } from '../model/service.ts';

/**
 * The secrets that a catalog and the given services need, by name, in the order in which they are defined: the catalog's own,
 * then each service's traits' and its own. A trait's secret may be called `{{ service }}_password` or `{{ with.user }}_password`;
 * nothing else can stand in a secret's name, because it must be known before anything is compiled.
 * Where several define the same secret, the last one says how it is made. Throws KLG-209 for another expression in a name.
 */
export function neededSecrets(
  catalog: Catalog,
  services: readonly string[],
): ReadonlyMap<string, SecretSpec> {
  const needed = new Map<string, SecretSpec>(Object.entries(catalog.file.value.secrets));
  for (const service of services) {
    const located = catalog.services.get(service);
    if (!located) continue;
    for (const [traitName, given] of Object.entries(located.value.traits)) {
      const trait = catalog.traits.get(traitName);
      if (!trait) continue;
      const values = { ...defaults(trait.value.parameters), ...given };
      for (const [name, spec] of Object.entries(trait.value.secrets)) {
        const place = trait.at(['secrets', name]);
        needed.set(expand(expand(name, service, values, place), service, values, place), spec);
      }
    }
    for (const [name, spec] of Object.entries(located.value.secrets)) {
      needed.set(expand(name, service, {}, located.at(['secrets', name])), spec);
    }
  }
  return needed;
}

function defaults(parameters: Readonly<Record<string, { default?: unknown }>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parameters).map(([name, parameter]) => [name, parameter.default]));
}

function expand(
  name: string,
  service: string,
  values: Readonly<Record<string, unknown>>,
  place: KollageError['finding']['place'],
): string {
  return name.replace(/\{\{\s*(.*?)\s*\}\}/g, (whole, expression: string) => {
    if (expression === 'service') return service;
    const parameter = /^with\.(\w+)$/.exec(expression)?.[1];
    const value = parameter === undefined ? undefined : values[parameter];
    if (typeof value === 'string' && value !== '') return value;
    const message = `the name of a secret can hold {{ service }} and {{ with.PARAMETER }} of a given text, not ${whole}`;
    throw new KollageError({ code: 'KLG-209', message, ...(place && { place }) });
  });
}
