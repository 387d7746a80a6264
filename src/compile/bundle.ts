import { merge, overridePaths } from '../config/overrides.ts';
import { atSource } from '../config/source-line.ts';
import type { TextFile } from '../model/catalog.ts';
import { KollageError } from '../model/error.ts';
import type { ConfigFile } from '../model/resource.ts';
import type { ConfigFileDefinition } from '../model/service.ts';
import type { Context } from './context.ts';
import type { Definition, Part } from './definition.ts';
import { hash } from './fingerprint.ts';
import type { Scope } from './scope.ts';

/** Which process a bundle is for. */
export interface BundleFor {
  readonly definition: Definition;
  /** The component; null for a task, which takes the service's overrides only. */
  readonly component: string | null;
  /** The node whose own overrides are merged too; null for those of every node. */
  readonly host: string | null;
}

/** Looks up the overrides of the deployment, and remembers which were read and which could have been. */
export class Overrides {
  readonly #files: ReadonlyMap<string, TextFile>;
  /** By service, the names of the folders in its own: those of nodes are among them. */
  readonly #folders = new Map<string, Set<string>>();
  readonly read = new Set<string>();
  /** Every path that some file of a service that is on would read. */
  readonly possible = new Set<string>();

  readonly #unique: ReadonlySet<string>;

  /** `unique`: names of configuration files that only one service has, which may also stand right below config/. */
  constructor(files: readonly TextFile[], unique: ReadonlySet<string>) {
    this.#unique = unique;
    this.#files = new Map(files.map((file) => [file.path, file]));
    for (const { path } of files) {
      const [service = '', folder = '', ...rest] = path.split('/');
      if (rest.length === 0) continue;
      const folders = this.#folders.get(service) ?? new Set();
      this.#folders.set(service, folders.add(folder));
    }
  }

  /** The overrides of one file, in the order of merging. */
  of(target: BundleFor, file: string, main: boolean, catalogOverrides: readonly string[]): TextFile[] {
    const { definition, component, host } = target;
    const unique = this.#unique.has(file);
    const input = { service: definition.name, component, file, main, catalogOverrides, unique };
    return overridePaths(host === null ? input : { ...input, host }).flatMap((path) => {
      this.possible.add(path);
      const found = this.#files.get(path);
      if (!found) return [];
      this.read.add(path);
      return [found];
    });
  }

  /** The nodes that have an override of their own for one of these files. */
  hosts(
    target: BundleFor,
    files: readonly { name: string; main: boolean }[],
    nodes: readonly string[],
  ): string[] {
    const { definition, component } = target;
    const folders = this.#folders.get(definition.name);
    if (!folders) return [];
    return nodes
      .filter((host) => folders.has(host))
      .filter((host) =>
        files.some(({ name, main }) => {
          const input = { service: definition.name, component, file: name, main, catalogOverrides: [] };
          const common = new Set(overridePaths(input));
          return overridePaths({ ...input, host }).some((path) => !common.has(path) && this.#files.has(path));
        }),
      );
  }
}

/** Renders and merges the configuration files that a process names. */
export function configFiles(
  context: Context,
  overrides: Overrides,
  target: BundleFor,
  names: readonly string[],
  scope: Scope,
): ConfigFile[] {
  return names.flatMap((name, index) => {
    const part = target.definition.config.get(name);
    if (!part)
      throw scope.mistake(`${target.definition.name} defines no configuration file ${name}`, 'config', index);
    const file = configFile(context, overrides, target, name, part, scope);
    return file ? [file] : [];
  });
}

function configFile(
  context: Context,
  overrides: Overrides,
  target: BundleFor,
  name: string,
  part: Part<ConfigFileDefinition>,
  scope: Scope,
): ConfigFile | null {
  const { value: definition } = part;
  const inner = scope.ofPart(part);
  if (!inner.when(definition.when)) return null;
  const catalogOverrides = context.input.catalog.file.value.overrides;
  const own = overrides.of(target, name, definition.main, catalogOverrides);
  const template = definition.optional ? null : findTemplate(context, target, name, definition, inner);
  const layers = template ? [template, ...own] : own;
  if (layers.length === 0) return null;
  const rendered = (definition.format === 'text' ? layers.slice(-1) : layers).map((layer) => ({
    text: context.jinja.renderFile(layer, inner.context),
    file: layer.file,
    source: layer.text,
  }));
  const content = atSource(rendered, () => merge(definition.format, rendered));
  const path = inner.text(definition.path, 'path');
  const owner = inner.optionalText(definition.owner, 'owner');
  const { mode, onChange, rewritten } = definition;
  return {
    name,
    path,
    content,
    owner,
    mode,
    onChange,
    ...(rewritten && { rewritten }),
    hash: hash([content, path, owner, mode]),
    sources: rendered.map((layer) => layer.file),
  };
}

function findTemplate(
  context: Context,
  target: BundleFor,
  name: string,
  definition: ConfigFileDefinition,
  scope: Scope,
): TextFile {
  const path = definition.template ?? `${name}.j2`;
  const key = path.includes('/') ? path : `${target.definition.name}/${path}`;
  const template = context.input.catalog.templates.get(key);
  if (template) return template;
  throw new KollageError({
    code: 'KLG-209',
    message: `there is no template ${key} for the file ${name}`,
    place: scope.place(),
  });
}

const bundleFolder = '/var/lib/kolla/config_files';

/**
 * Kolla's config.json for a process (facts: the Kolla container contract): what kolla_set_configs copies where, and the command.
 * `defaultOwner` is used for files without an owner, since the contract asks for one.
 */
export function kollaConfig(
  command: readonly string[],
  files: readonly ConfigFile[],
  permissions: readonly { path: string; owner: string; perm?: string; recurse: boolean }[],
  defaultOwner: string,
): ConfigFile {
  const config = {
    command: command.join(' '),
    config_files: files.map((file) => ({
      source: `${bundleFolder}/${file.name}`,
      dest: file.path,
      owner: file.owner ?? defaultOwner,
      perm: file.mode,
    })),
    permissions,
  };
  const content = `${JSON.stringify(config, null, 2)}\n`;
  return {
    name: 'config.json',
    path: null,
    content,
    owner: null,
    mode: '0644',
    onChange: 'restart',
    hash: hash([content, null, null, '0644']),
    sources: [],
  };
}
