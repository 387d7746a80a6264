import type { Catalog, Located } from '../model/catalog.ts';
import type { Finding } from '../model/error.ts';
import type { Service, Trait } from '../model/service.ts';
import { Names } from './catalog-names.ts';
import { checkDefault, checkOptions } from './check-options.ts';
import { checkLogins } from './check-ready.ts';
import { checkReferences } from './check-references.ts';
import { mistake, unknown } from './definition-mistakes.ts';

type Body = Service | Trait;

/**
 * What can be said of a catalog before any deployment is known: KLG-209 for what cannot hold (unknown traits, parameters,
 * templates, volumes, roles; defaults that their own option would refuse), KLG-202 for needs that name nothing.
 * Conditions (`when`) are not evaluated: what a condition hides must hold all the same.
 */
export function checkCatalog(catalog: Catalog): Finding[] {
  const names = new Names(catalog);
  return [
    ...checkFile(catalog),
    ...checkLogins(catalog, names),
    ...[...catalog.traits].flatMap(([name, trait]) => checkOptions(`the trait ${name}`, trait, catalog)),
    ...[...catalog.services].flatMap(([name, service]) => [
      ...checkTraits(name, service, catalog),
      ...checkOptions(name, service, catalog),
      ...checkTemplates(name, service, catalog),
      ...checkRequires(name, service, catalog),
      ...checkReferences(name, service, catalog, names),
    ]),
  ];
}

function checkFile({ file, services }: Catalog): Finding[] {
  const { profiles, releases, options } = file.value;
  const profileServices = Object.entries(profiles).flatMap(([name, profile]) =>
    profile.services.flatMap((service, index) =>
      services.has(service)
        ? []
        : [
            unknown(
              `the profile ${name} names the service ${service}`,
              file,
              ['profiles', name, 'services', index],
              service,
              services.keys(),
            ),
          ],
    ),
  );
  const upgrades = Object.entries(releases).flatMap(([name, release]) =>
    [
      ...release.upgradesFrom.map((from, index) => ({ from, path: ['upgradesFrom', index] })),
      ...Object.keys(release.upgradeNotes).map((from) => ({ from, path: ['upgradeNotes', from] })),
    ].flatMap(({ from, path }) =>
      Object.hasOwn(releases, from)
        ? []
        : [
            unknown(
              `the release ${name} upgrades from ${from}`,
              file,
              ['releases', name, ...path],
              from,
              Object.keys(releases),
            ),
          ],
    ),
  );
  return [
    ...profileServices,
    ...upgrades,
    ...Object.entries(options).flatMap(([name, option]) => checkDefault('the catalog', name, option, file)),
  ];
}

function checkTraits(name: string, { value, at }: Located<Service>, { traits }: Catalog): Finding[] {
  return Object.entries(value.traits).flatMap(([traitName, given]) => {
    const path = ['traits', traitName];
    const trait = traits.get(traitName)?.value;
    if (!trait)
      return [unknown(`${name} uses the trait ${traitName}`, { at }, path, traitName, traits.keys())];
    const parameters = Object.keys(trait.parameters);
    const extra = Object.keys(given).filter((key) => !parameters.includes(key));
    const missing = parameters.filter(
      (key) => !(key in given) && !('default' in (trait.parameters[key] ?? {})),
    );
    return [
      ...extra.map((key) =>
        unknown(
          `${name} gives the trait ${traitName} the parameter ${key}`,
          { at },
          [...path, key],
          key,
          parameters,
        ),
      ),
      ...missing.map((key) =>
        mistake(`${name} does not give the trait ${traitName} its parameter ${key}`, { at }, path),
      ),
    ];
  });
}

function checkTemplates(name: string, service: Located<Service>, { traits, templates }: Catalog): Finding[] {
  const bodies: Located<Body>[] = [service];
  for (const trait of Object.keys(service.value.traits)) {
    const located = traits.get(trait);
    if (located) bodies.push(located);
  }
  return bodies.flatMap((located) =>
    Object.entries(located.value.config).flatMap(([file, { template = `${file}.j2`, optional }]) => {
      const key = template.includes('/') ? template : `${name}/${template}`;
      if (optional || templates.has(key)) return [];
      const path = ['config', file, 'template'];
      return [
        unknown(
          `${name}'s file ${file} is made from the template ${key}`,
          located,
          path,
          key,
          templates.keys(),
        ),
      ];
    }),
  );
}

function checkRequires(name: string, { value, at }: Located<Service>, { services }: Catalog): Finding[] {
  return value.requires.flatMap((other, index) =>
    services.has(other)
      ? []
      : [unknown(`${name} requires ${other}`, { at }, ['requires', index], other, services.keys())],
  );
}
