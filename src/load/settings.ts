import type { Catalog, Located } from '../model/catalog.ts';
import type { ComponentSettings, DeploymentFile } from '../model/deployment.ts';
import { type Finding, KollageError } from '../model/error.ts';
import type { OptionSetting } from '../model/loaded.ts';
import { suggestion } from '../model/nearest.ts';
import type { Option } from '../model/service.ts';
import type { Gather } from './gather.ts';
import type { Globals } from './globals.ts';
import { type Checked, checkGlobal, checkOption } from './options.ts';
import type { Roles } from './roles.ts';

type Options = Readonly<Record<string, Option>>;

/** The options of a service, its traits' included. */
export function optionsOf(catalog: Catalog, service: string): Options {
  const value = catalog.services.get(service)?.value;
  const traits = Object.keys(value?.traits ?? {}).map(
    (trait) => catalog.traits.get(trait)?.value.options ?? {},
  );
  return Object.assign({}, ...traits, value?.options);
}

/**
 * The options that are set, by `service.option` or `option`: those of globals.yml (coerced as Ansible does), and over them those
 * of kollage.yaml (taken strictly). Gathers KLG-103 for unknown options, KLG-104 for wrong values, KLG-105 for unknown services.
 */
export function setOptions(
  catalog: Catalog,
  file: Located<DeploymentFile> & { text(path: readonly PropertyKey[]): string | undefined },
  globals: Globals,
  gather: Gather,
): ReadonlyMap<string, OptionSetting> {
  const set = new Map<string, OptionSetting>();
  const fromGlobals = (prefix: string, options: Options) => {
    for (const [name, option] of Object.entries(options)) {
      for (const key of option.globals) {
        gather.try(() => {
          const given = globals.take(key);
          if (given)
            set.set(prefix + name, accept(key, checkGlobal(option, given.value, given.text), given.place));
        });
      }
    }
  };
  const fromFile = (
    prefix: string,
    options: Options,
    given: Readonly<Record<string, unknown>>,
    path: readonly string[],
  ) => {
    for (const [name, value] of Object.entries(given)) {
      gather.try(() => {
        const place = file.at([...path, name]);
        const option = Object.hasOwn(options, name) ? options[name] : undefined;
        if (!option) {
          const owner = prefix === '' ? 'the catalog' : prefix.slice(0, -1);
          const message = `${owner} has no option ${name}${suggestion(name, Object.keys(options))}`;
          throw new KollageError({ code: 'KLG-103', message, place });
        }
        const text = file.text([...path, name]);
        set.set(prefix + name, accept([...path, name].join('.'), checkOption(option, value, text), place));
      });
    }
  };
  fromGlobals('', catalog.file.value.options);
  for (const service of catalog.services.keys()) fromGlobals(`${service}.`, optionsOf(catalog, service));
  fromFile('', catalog.file.value.options, file.value.options, ['options']);
  for (const [service, settings] of Object.entries(file.value.services)) {
    if (typeof settings === 'boolean' || !catalog.services.has(service)) continue;
    fromFile(`${service}.`, optionsOf(catalog, service), settings.options, ['services', service, 'options']);
  }
  return set;
}

function accept(name: string, checked: Checked, place: OptionSetting['place']): OptionSetting {
  if ('value' in checked) return { value: checked.value, place };
  throw new KollageError({ code: 'KLG-104', message: `${name} ${checked.mistake}`, place });
}

/** Settings of components by `service/component`. Findings: KLG-105 for components and roles that do not exist. */
export function setComponents(
  catalog: Catalog,
  file: Located<DeploymentFile>,
  roles: Roles,
): { components: ReadonlyMap<string, ComponentSettings>; findings: Finding[] } {
  const components = new Map<string, ComponentSettings>();
  const findings: Finding[] = [];
  for (const [service, settings] of Object.entries(file.value.services)) {
    const known = catalog.services.get(service)?.value.components;
    if (typeof settings === 'boolean' || !known) continue;
    for (const [name, component] of Object.entries(settings.components)) {
      const path = ['services', service, 'components', name];
      const complain = (message: string, ...more: string[]) =>
        findings.push({ code: 'KLG-105', severity: 'error', message, place: file.at([...path, ...more]) });
      if (!Object.hasOwn(known, name))
        complain(`${service} has no component ${name}${suggestion(name, Object.keys(known))}`);
      for (const role of component.role?.split(',') ?? []) {
        const wrong = roles.mistake(role.trim());
        if (wrong !== undefined) complain(wrong, 'role');
      }
      components.set(`${service}/${name}`, component);
    }
  }
  return { components, findings };
}
