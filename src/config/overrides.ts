import { mergeIni, parseIni, printIni } from './ini.ts';
import { mergeJson } from './json.ts';
import { type Layer, mergeYaml } from './yaml.ts';

export type { Layer } from './yaml.ts';

export interface OverrideInput {
  readonly service: string;
  /** Null in tasks. */
  readonly component: string | null;
  /** The file's own name, without folders. */
  readonly file: string;
  /** An oslo.config INI file of the whole service. */
  readonly main: boolean;
  /** Files that go into every main file, of catalog.yaml. */
  readonly catalogOverrides: readonly string[];
  readonly host?: string;
  /** No other service has a file of this name: then it may also stand directly below config/. */
  readonly unique?: boolean;
}

/**
 * The paths below config/ that are laid over a file, in order, later ones win. The rule follows kolla-ansible's roles, written
 * down role by role in docs/reference/overrides.md. A path names at most one file; most of them will not be there.
 */
export function overridePaths(input: OverrideInput): string[] {
  const { service, component, file, main, catalogOverrides, host, unique } = input;
  const name = component === null ? null : kollaName(service, component);
  const paths = main
    ? [
        ...catalogOverrides,
        `${service}.conf`,
        `${service}/${file}`,
        ...(name === null ? [] : [`${service}/${name}.conf`]),
        ...(host === undefined ? [] : [`${service}/${host}/${file}`]),
        ...(host === undefined || name === null ? [] : [`${service}/${host}/${name}.conf`]),
      ]
    : [
        ...(unique ? [file] : []),
        `${service}/${file}`,
        ...(name === null ? [] : [`${service}/${name}/${file}`]),
        ...(host === undefined ? [] : [`${service}/${host}/${file}`]),
        ...(host === undefined || name === null ? [] : [`${service}/${name}/${host}/${file}`]),
      ].flatMap(spellings);
  return [...new Set(paths)];
}

/** kolla-ansible's name of a component: nova-compute for nova/compute, keystone for keystone/keystone. */
function kollaName(service: string, component: string): string {
  return component === service || component.startsWith(`${service}-`) ? component : `${service}-${component}`;
}

/** Some roles look for a template's ending too, and a YAML file may be written as JSON (policies). */
function spellings(path: string): string[] {
  const stem = path.endsWith('.yaml') ? path.slice(0, -'.yaml'.length) : null;
  return [...(stem === null ? [] : [`${stem}.json`]), path, `${path}.j2`];
}

/**
 * One file out of its layers, the first of which is the service's own template. INI, YAML and JSON are merged and printed anew, so that
 * neither a comment nor white space is a change; of a text the last layer is taken whole. Secrets keep their tokens.
 * Errors: KLG-208 with file and line.
 */
export function merge(format: 'ini' | 'yaml' | 'json' | 'text', layers: readonly Layer[]): string {
  if (format === 'ini') return printIni(mergeIni(layers.map((layer) => parseIni(layer.text, layer.file))));
  if (format === 'yaml') return mergeYaml(layers);
  if (format === 'json') return mergeJson(layers);
  return layers.at(-1)?.text ?? '';
}
