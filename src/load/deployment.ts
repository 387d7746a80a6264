import type { Catalog, Located, TextFile } from '../model/catalog.ts';
import { type DeploymentFile, deploymentFile, type EngineName, engineSettings } from '../model/deployment.ts';
import { type Finding, KollageError } from '../model/error.ts';
import type { Deployment } from '../model/loaded.ts';
import { withAuthority } from './authority.ts';
import { loadCatalog } from './catalog.ts';
import { Chosen } from './chosen.ts';
import { Folder } from './folder.ts';
import { Gather } from './gather.ts';
import { Globals, knownGlobals } from './globals.ts';
import { expandNodes } from './nodes.ts';
import { fingerprints, passwordFindings, passwordsFile, readPasswords } from './passwords.ts';
import { Roles } from './roles.ts';
import { checkReplicas, type Replicas, withReplicas } from './scaled.ts';
import { parseWith } from './schema/parse.ts';
import { known, missingServices, type Switched, servicesOn } from './services-on.ts';
import { setComponents, setOptions } from './settings.ts';
import { readYaml, type Yaml } from './yaml/read.ts';

export const deploymentFileName = 'kollage.yaml';

/** What stands in place of what the files say, for the moment. */
export interface Instead {
  readonly release?: string | undefined;
  readonly services?: Switched | undefined;
  readonly replicas?: Replicas | undefined;
  /** Another engine, with nothing said of it but its name. */
  readonly engine?: EngineName | undefined;
}

export interface Loaded {
  readonly deployment: Deployment;
  readonly catalog: Catalog;
  /** Warnings and hints; what is an error was thrown. */
  readonly findings: readonly Finding[];
}

/**
 * Reads a deployment folder: kollage.yaml, and where they are there globals.yml, passwords.yml and config/. Reads only.
 * docs/reference/kollage.md explains what is in them. Throws KLG-101 when the folder has no kollage.yaml, KLG-102 to KLG-109 with
 * every mistake that was found, KLG-121 for secrets that cannot be opened, KLG-2xx for the catalog. `release` stands for the one that they name.
 */
export async function loadDeployment(
  path: string,
  { release: instead, services: switched, replicas = new Map(), engine: other }: Instead = {},
): Promise<Loaded> {
  const folder = openDeployment(path);
  const { yaml, file } = readDeploymentFile(folder);
  const catalog = loadCatalogOf(folder, file);
  const findings: Finding[] = [];
  const gather = new Gather();
  const globals = gather.try(() => Globals.read(folder, findings)) ?? Globals.none;
  const chosen = new Chosen(catalog, file, globals);
  const release = gather.try(() => chosen.release(instead)) ?? '';
  const addresses = gather.try(() => chosen.addresses()) ?? {
    address: '',
    interface: null,
    externalAddress: '',
  };
  const images = gather.try(() => chosen.images()) ?? file.value.images;
  const roles = new Roles(catalog, file.value.roles);
  gather.add(roles.findings(file));
  const services = servicesOn(catalog, file, globals, gather, switched);
  const options = setOptions(catalog, { ...file, text: (at) => yaml.text(at) }, globals, gather);
  const { components: written, findings: wrongComponents } = setComponents(catalog, file, roles);
  gather.add(wrongComponents);
  const components = withReplicas(written, replicas, { catalog, services, gather });
  checkReplicas(catalog, components, file.at, gather);
  for (const service of Object.keys(file.value.hooks))
    gather.try(() => known('service', service, catalog.services.keys(), file.at(['hooks', service])));
  const { nodes, findings: wrongNodes } = expandNodes(file, roles);
  gather.add(wrongNodes);
  const overrides = gather.try(() => readOverrides(folder)) ?? [];
  gather.done();
  gather.add(missingServices(catalog, services, file));
  gather.done();
  findings.push(...globals.unused(overrides, knownGlobals(catalog)));
  const passwords = await readPasswords(folder);
  findings.push(...passwordFindings(passwords, folder.name(passwordsFile)));
  const { engine: named } = file.value;
  const settings = typeof named === 'string' ? { type: named } : named;
  const engine = other === undefined || other === settings.type ? settings : { type: other };
  const deployment: Deployment = {
    name: file.value.name,
    release,
    engine,
    ...addresses,
    services,
    options,
    components,
    nodes,
    images,
    timeouts: file.value.timeouts,
    checks: file.value.checks,
    hooks: file.value.hooks,
    globals: globals.settings,
    overrides,
    at: file.at,
    secrets: fingerprints(passwords.values),
  };
  return { deployment, catalog, findings };
}

/** Throws KLG-101 when there is no such folder. */
export function openDeployment(path: string): Folder {
  const folder = Folder.open(path);
  if (folder) return folder;
  throw new KollageError({ code: 'KLG-101', message: `there is no folder ${path}` });
}

/** kollage.yaml alone. Throws KLG-101 when there is none, KLG-102 to KLG-105 for its mistakes. */
export function readDeploymentFile(folder: Folder): { yaml: Yaml; file: Located<DeploymentFile> } {
  const text = folder.read(deploymentFileName);
  if (!text)
    throw new KollageError({ code: 'KLG-101', message: `${folder.name('')} holds no ${deploymentFileName}` });
  const yaml = readYaml(text.file, text.text);
  for (const path of [['engine'], ['engine', 'type']]) {
    const engine = yaml.text(path);
    if (engine !== undefined) known('engine', engine, engineSettings.options[0].options, yaml.at(path));
  }
  return { yaml, file: withAuthority(folder, parseWith(deploymentFile, yaml)) };
}

/** The catalogs that a deployment names. Throws KLG-2xx. */
export function loadCatalogOf(folder: Folder, file: Located<DeploymentFile>): Catalog {
  const { catalog } = file.value;
  const names = typeof catalog === 'string' ? [catalog] : catalog;
  return loadCatalog(names, folder.path, (index) =>
    file.at(typeof catalog === 'string' ? ['catalog'] : ['catalog', index]),
  );
}

function readOverrides(folder: Folder): TextFile[] {
  return folder.list('config').flatMap((path) => {
    // What explains the folder is no override.
    if (/^config\/README(\.md)?$/.test(path)) return [];
    const file = folder.read(path);
    return file ? [{ ...file, path: path.slice('config/'.length) }] : [];
  });
}
