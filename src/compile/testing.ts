import type { z } from 'zod';
import { docker } from '../engines/docker/traits.ts';
import type { Catalog, Located, TextFile } from '../model/catalog.ts';
import { deploymentFile } from '../model/deployment.ts';
import type { Deployment, EngineTraits } from '../model/loaded.ts';
import type { Desired, Resource } from '../model/resource.ts';
import { catalogFile, service, trait } from '../model/service.ts';
import { type Compiled, compile } from './compile.ts';

/** A catalog as a test writes it: definitions as data, templates as texts by `service/name` or `lib/name`. */
export interface TestCatalog {
  readonly catalog?: Partial<z.input<typeof catalogFile>>;
  readonly services: Readonly<Record<string, Omit<z.input<typeof service>, 'service' | 'title'>>>;
  readonly traits?: Readonly<Record<string, Omit<z.input<typeof trait>, 'trait' | 'doc'>>>;
  readonly templates?: Readonly<Record<string, string>>;
  readonly images?: Readonly<Record<string, readonly string[]>>;
  readonly accounts?: Readonly<Record<string, number>>;
}

export interface TestDeployment
  extends Partial<Omit<Deployment, 'options' | 'overrides' | 'secrets' | 'globals'>> {
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly globals?: Readonly<Record<string, unknown>>;
  /** Override files by their path below config/. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Secrets by name to fingerprint. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly engineTraits?: EngineTraits;
}

/** Compiles what a test wrote. */
export function compileTest(catalog: TestCatalog, deployment: TestDeployment = {}): Compiled {
  return compile({
    catalog: makeCatalog(catalog),
    deployment: makeDeployment(catalog, deployment),
    engine: deployment.engineTraits ?? docker,
  });
}

/** The resource of a key, or an error that names those there are. */
export function resource<K extends Resource['kind']>(
  desired: Desired,
  kind: K,
  id: string,
): Extract<Resource, { kind: K }> {
  const found = desired.resources.find(
    (candidate): candidate is Extract<Resource, { kind: K }> =>
      candidate.kind === kind && candidate.id === id,
  );
  if (!found)
    throw new Error(`no ${kind}:${id} among ${desired.resources.map((r) => `${r.kind}:${r.id}`).join(', ')}`);
  return found;
}

export function makeCatalog(test: TestCatalog): Catalog {
  const each = <T>(
    parts: Readonly<Record<string, object>>,
    file: (name: string) => string,
    parse: (name: string, value: object) => T,
  ) => new Map(Object.entries(parts).map(([name, value]) => [name, located(file(name), parse(name, value))]));
  const file: z.input<typeof catalogFile> = {
    catalog: 'test',
    title: 'Test',
    roles: { controller: '', compute: '' },
    ...test.catalog,
  };
  return {
    file: located('catalog.yaml', catalogFile.parse(file)),
    services: each(
      test.services,
      (name) => `${name}/service.yaml`,
      (name, value) => service.parse({ service: name, title: name, ...value }),
    ),
    traits: each(
      test.traits ?? {},
      (name) => `traits/${name}.yaml`,
      (name, value) => trait.parse({ trait: name, doc: '', ...value }),
    ),
    templates: texts(test.templates ?? {}),
    images: new Map(Object.entries(test.images ?? { app: [] })),
    accounts: new Map(Object.entries(test.accounts ?? {})),
  };
}

export function makeDeployment(catalog: TestCatalog, test: TestDeployment): Deployment {
  const { engineTraits: _, options, globals, overrides, secrets, ...rest } = test;
  const settings = (values: Readonly<Record<string, unknown>>, file: string) =>
    new Map(Object.entries(values).map(([name, value]) => [name, { value, place: { file } }]));
  return {
    name: 'test',
    release: '1',
    engine: { type: 'docker' },
    address: '127.0.0.1',
    interface: null,
    externalAddress: '192.0.2.10',
    services: Object.keys(catalog.services).sort(),
    components: new Map(),
    nodes: [{ name: 'localhost', roles: ['controller', 'compute'], address: null, memory: null, cpus: null }],
    images: deploymentFile.parse({ name: 'test' }).images,
    timeouts: { needs: 600 },
    checks: [],
    hooks: {},
    at: () => ({ file: 'kollage.yaml' }),
    ...rest,
    options: settings(options ?? {}, 'kollage.yaml'),
    globals: settings(globals ?? {}, 'globals.yml'),
    overrides: [...texts(overrides ?? {}).values()].map((file) => ({ ...file, file: `config/${file.path}` })),
    secrets: new Map(Object.entries(secrets ?? {})),
  };
}

function located<T>(file: string, value: T): Located<T> {
  return { value, at: (path) => ({ file: `${file}#${path.join('.')}` }) };
}

function texts(files: Readonly<Record<string, string>>): Map<string, TextFile> {
  return new Map(Object.entries(files).map(([path, text]) => [path, { path, file: path, text }]));
}
