import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Catalog, Located, TextFile } from '../model/catalog.ts';
import { KollageError, type Place } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import { catalogFile, service, trait } from '../model/service.ts';
import { z } from '../model/zod.ts';
import { checkCatalog } from './check-catalog.ts';
import { Folder } from './folder.ts';
import { Gather } from './gather.ts';
import { parseWith } from './schema/parse.ts';
import { mergeNodes } from './yaml/merge.ts';
import type { YamlNode } from './yaml/node.ts';
import { readYaml, Yaml } from './yaml/read.ts';

const builtIn = resolve(import.meta.dirname, '../../catalog');
/** Folders of a catalog that are no services. */
const special: ReadonlySet<string> = new Set(['lib', 'traits', 'images']);

/**
 * Reads catalogs and lays them over one another. A name is a catalog of Kollage, or a folder relative to `base`. Later ones add
 * services, traits, templates, options and profiles, or change parts of earlier ones (yaml/merge.ts); catalog.yaml is optional.
 * `place` tells where the index-th name was written.
 * Throws KLG-201 for a name that is no catalog, KLG-102 to KLG-108 for files, and what checkCatalog finds.
 */
export function loadCatalog(
  names: readonly string[],
  base: string,
  place?: (index: number) => Place,
): Catalog {
  const layers = new Layers();
  const gather = new Gather();
  for (const [index, name] of names.entries()) {
    const folder = find(name, base, place?.(index));
    gather.try(() => layers.add(folder, gather));
  }
  gather.done();
  const catalog = layers.parse(names, gather);
  gather.done();
  gather.add(checkCatalog(catalog));
  gather.done();
  return catalog;
}

function find(name: string, base: string, place: Place | undefined): Folder {
  const isWord = /^[a-z][a-z0-9-]*$/.test(name);
  const own = isWord ? Folder.open(join(builtIn, name)) : null;
  const folder = own ?? Folder.open(resolve(base, name));
  if (folder && isCatalog(folder)) return folder;
  const what = folder ? 'has neither a catalog.yaml nor a folder with a service.yaml' : 'is not there';
  const message =
    isWord && !folder
      ? `there is no catalog ${name}${suggestion(name, builtIns())}`
      : `the catalog ${name} ${what}`;
  throw new KollageError({ code: 'KLG-201', message, ...(place && { place }) });
}

/** A folder that cannot be looked through, such as /dev, is no catalog. */
function isCatalog(folder: Folder): boolean {
  if (folder.read('catalog.yaml') !== null) return true;
  const there = (look: () => boolean) => new Gather().try(look) ?? false;
  return there(() =>
    folder.entries().folders.some((name) => there(() => folder.read(`${name}/service.yaml`) !== null)),
  );
}

function builtIns(): string[] {
  try {
    return readdirSync(builtIn);
  } catch {
    return [];
  }
}

/** What recipes tell here; src/images reads all of them. */
const imageNames = z.looseObject({
  image: z.string(),
  provides: z.array(z.string()).default([]),
  only: z.array(z.string()).default([]),
  accounts: z.record(z.string(), z.int()).default({}),
});

class Layers {
  #file: YamlNode | undefined;
  readonly #services = new Map<string, YamlNode>();
  readonly #traits = new Map<string, YamlNode>();
  readonly #templates = new Map<string, TextFile>();
  readonly #images = new Map<string, readonly string[]>();
  readonly #accounts = new Map<string, number>();

  add(folder: Folder, gather: Gather): void {
    const step = (path: string, use: (yaml: Yaml) => void) =>
      gather.try(() => {
        const file = folder.read(path);
        if (file) use(readYaml(file.file, file.text));
      });
    step('catalog.yaml', ({ root }) => {
      this.#file = this.#file ? keepName(this.#file, mergeNodes(this.#file, root)) : root;
    });
    for (const name of folder.entries().folders) {
      if (special.has(name)) continue;
      step(`${name}/service.yaml`, ({ root }) => lay(this.#services, name, root));
      this.#read(folder, `${name}/config`, (path) => `${name}/${path}`, gather);
    }
    for (const file of yamlFiles(folder, 'traits'))
      step(`traits/${file}`, ({ root }) => lay(this.#traits, stem(file), root));
    for (const file of yamlFiles(folder, 'images')) step(`images/${file}`, (yaml) => this.#image(yaml));
    this.#read(folder, 'lib', (path) => `lib/${path}`, gather);
  }

  #read(folder: Folder, under: string, key: (path: string) => string, gather: Gather): void {
    for (const path of gather.try(() => folder.list(under)) ?? []) {
      const file = gather.try(() => folder.read(path));
      if (file) this.#templates.set(key(path.slice(under.length + 1)), file);
    }
  }

  #image(yaml: Yaml): void {
    const { image, provides, only, accounts } = parseWith(imageNames, yaml).value;
    for (const [name, number] of Object.entries(accounts)) this.#accounts.set(name, number);
    for (const name of provides.length > 0 ? provides : [image]) this.#images.set(name, only);
  }

  parse(names: readonly string[], gather: Gather): Catalog {
    const all = <T extends z.ZodType>(schema: T, nodes: ReadonlyMap<string, YamlNode>, key: string) => {
      const parsed = new Map<string, Located<z.output<T>>>();
      for (const [name, node] of [...nodes].sort(([a], [b]) => (a < b ? -1 : 1))) {
        const located = gather.try(() => parseWith(schema, named(new Yaml(node), key, name)));
        if (located) parsed.set(name, located);
      }
      return parsed;
    };
    const file = gather.try(() =>
      parseWith(catalogFile, this.#file ? new Yaml(this.#file) : readYaml('catalog.yaml', unnamed(names))),
    );
    return {
      file: file ?? parseWith(catalogFile, readYaml('catalog.yaml', unnamed(names))),
      services: all(service, this.#services, 'service'),
      traits: all(trait, this.#traits, 'trait'),
      templates: this.#templates,
      images: this.#images,
      accounts: this.#accounts,
    };
  }
}

/** Throws KLG-209 when a definition calls itself otherwise than its folder or file does. */
function named(yaml: Yaml, key: string, name: string): Yaml {
  const own = yaml.text([key]);
  if (own === undefined || own === name) return yaml;
  const message = `this ${key} is called ${own} here, but its ${key === 'service' ? 'folder' : 'file'} ${name}`;
  throw new KollageError({ code: 'KLG-209', message, place: yaml.at([key]) });
}

function lay(nodes: Map<string, YamlNode>, name: string, node: YamlNode): void {
  const earlier = nodes.get(name);
  nodes.set(name, earlier ? mergeNodes(earlier, node) : node);
}

/** The first catalog is the base: it keeps its name and title. */
function keepName(first: YamlNode, merged: YamlNode): YamlNode {
  if (first.kind !== 'map' || merged.kind !== 'map') return merged;
  const entries = new Map(merged.entries);
  for (const key of ['catalog', 'title']) {
    const own = first.entries.get(key);
    if (own) entries.set(key, own);
  }
  return { ...merged, entries };
}

/** A catalog.yaml for catalogs without one. */
function unnamed(names: readonly string[]): string {
  return JSON.stringify({ catalog: 'own', title: names.join(', ') });
}

function yamlFiles(folder: Folder, path: string): string[] {
  return folder.entries(path).files.filter((name) => name.endsWith('.yaml'));
}

function stem(file: string): string {
  return file.slice(0, -'.yaml'.length);
}
