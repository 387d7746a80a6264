import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { loadCatalog } from '../load/catalog.ts';
import { deploymentFileName } from '../load/deployment.ts';
import { nameFile } from '../load/name-file.ts';
import { defaultOf, known } from '../load/services-on.ts';
import type { Catalog } from '../model/catalog.ts';
import { engineSettings, name as nameSchema } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import { configReadme, deploymentText, gitIgnore } from './init/texts.ts';
import { ensureSecrets, type SecretsResult } from './secrets.ts';

export interface InitOptions {
  readonly folder: string;
  /** The folder's own name when not given. */
  readonly name?: string | undefined;
  readonly catalog?: string | undefined;
  readonly release?: string | undefined;
  readonly engine?: string | undefined;
  readonly profile?: string | undefined;
}

export interface InitResult {
  readonly folder: string;
  /** In the folder, in the order in which they were written. */
  readonly files: readonly string[];
  readonly secrets: SecretsResult;
}

/**
 * Makes a deployment folder: kollage.yaml, config/ for overrides, .gitignore, and encrypted secrets. Everything is checked before
 * anything is written. Throws KLG-112 when files are there already, KLG-105 for an unknown engine, release or profile, KLG-104 for a
 * name that cannot be one, KLG-201 for an unknown catalog, KLG-903 when a file cannot be written.
 */
export async function initDeployment(options: InitOptions): Promise<InitResult> {
  const folder = resolve(options.folder);
  refuseTaken(folder);
  const settings = check(options, folder);
  const files: readonly (readonly [string, string])[] = [
    ['.gitignore', gitIgnore],
    ['config/README.md', configReadme],
    [deploymentFileName, deploymentText(settings)],
  ];
  try {
    mkdirSync(join(folder, 'config'), { recursive: true });
    for (const [path, text] of files) writeFileSync(join(folder, path), text, { flag: 'wx' });
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
    throw new KollageError(
      { code: 'KLG-903', message: `${nameFile(folder)} cannot be filled${why}` },
      { cause },
    );
  }
  const secrets = await ensureSecrets(folder);
  return { folder: nameFile(folder), files: [...files.map(([path]) => path), 'passwords.yml'], secrets };
}

/** A folder that holds nothing, or nothing but a new Git repository, may be filled. */
function refuseTaken(folder: string): void {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return;
    throw new KollageError(
      { code: 'KLG-112', message: `${nameFile(folder)} is no folder that can be filled` },
      { cause },
    );
  }
  const [first] = entries.filter((entry) => entry !== '.git').sort();
  if (first !== undefined)
    throw new KollageError({
      code: 'KLG-112',
      message: `${nameFile(folder)} is not empty: it holds ${first}`,
    });
}

function check(options: InitOptions, folder: string) {
  const catalogName = catalogFrom(options.catalog ?? 'openstack', folder);
  const catalog = loadCatalog([catalogName], folder);
  const { releases, profiles } = catalog.file.value;
  const [engines] = engineSettings.options;
  const engine = options.engine ?? 'docker';
  oneOf('engine', engine, engines.options);
  return {
    name: chooseName(options.name, folder),
    catalog: catalogName,
    release: choose(catalog, 'release', options.release, releases),
    engine,
    profile: choose(catalog, 'profile', options.profile, profiles),
    profiles: Object.keys(profiles),
  };
}

/** On the command line a folder is relative to where one stands, in kollage.yaml to the deployment's own folder. */
function catalogFrom(given: string, folder: string): string {
  if (!/[./]/.test(given)) return given;
  const path = relative(folder, resolve(given));
  return path.startsWith('..') ? path : `./${path}`;
}

function choose(
  catalog: Catalog,
  what: 'release' | 'profile',
  given: string | undefined,
  entries: Readonly<Record<string, { readonly default: boolean }>>,
): string | undefined {
  if (given === undefined) return defaultOf(entries);
  if (what === 'profile' || Object.keys(entries).length > 0)
    oneOf(what, given, Object.keys(entries), catalog);
  return given;
}

function oneOf(what: string, given: string, names: readonly string[], catalog?: Catalog): void {
  known(what, given, names, catalog?.file.at([`${what}s`]));
}

function chooseName(given: string | undefined, folder: string): string {
  const fallback = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  const checked = nameSchema.safeParse(given ?? (fallback || 'cloud'));
  if (checked.success) return checked.data;
  const why = checked.error.issues[0]?.message ?? '';
  throw new KollageError({ code: 'KLG-104', message: `the name of a deployment ${why}` });
}
