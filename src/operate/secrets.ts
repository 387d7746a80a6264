import { join } from 'node:path';
import { loadDeployment, openDeployment } from '../load/deployment.ts';
import type { Folder } from '../load/folder.ts';
import { Gather } from '../load/gather.ts';
import { fingerprintKey, parsePasswords, passwordsFile, readPasswords } from '../load/passwords.ts';
import type { SecretText } from '../load/secret-text.ts';
import { neededSecrets } from '../load/secrets-needed.ts';
import type { EngineName } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type { SecretSpec } from '../model/service.ts';
import { storeKeySecret } from '../zookeeper/deployment.ts';
import { encrypt, type Key, ownKey } from './secrets/age-key.ts';
import { type SecretValue, setSecrets } from './secrets/edit.ts';
import { generate, isPair } from './secrets/generate.ts';
import { savePrivately } from './secrets/save.ts';

/** What was done to a folder's secrets. */
export interface SecretsResult {
  /** As messages name it. */
  readonly file: string;
  /** Names of the secrets that were made, never their values. */
  readonly made: readonly string[];
  /** How many were there and stay. */
  readonly kept: number;
  readonly encrypted: boolean;
  /** The file of the age identity, when the secrets are encrypted. */
  readonly key: Key | null;
}

/** Secrets of Kollage's own, which no service has. */
function ownSecrets(engine: EngineName): readonly (readonly [string, SecretSpec])[] {
  const key: SecretSpec = {
    generate: 'hex',
    length: 64,
    doc: 'Keys the fingerprints of the other secrets',
  };
  const store: SecretSpec = {
    generate: 'hex',
    length: 64,
    doc: 'Opens what the deployment has in ZooKeeper',
    fixed: 'all that the deployment has in ZooKeeper can be opened with it alone',
  };
  const inZooKeeper = engine === 'marathon' || engine === 'dcos';
  return [[fingerprintKey, key], ...(inZooKeeper ? [[storeKeySecret, store] as const] : [])];
}

/**
 * Makes the secrets that the deployment needs and does not have; keeps all that are there, and everything unknown. A new file
 * is encrypted, an existing one stays what it is. Throws what loadDeployment throws, KLG-121 and KLG-125.
 */
export async function ensureSecrets(path: string): Promise<SecretsResult> {
  const { folder, on } = await secretsOf(path);
  return change(folder, (values) =>
    [...on].filter(([name]) => !has(values, name)).map(([name, spec]) => [name, generate(spec)]),
  );
}

/** Makes the named secrets anew. Throws KLG-122 for a name that no service of the catalog has, KLG-555 for one that cannot be made anew. */
export async function rotateSecrets(path: string, names: readonly string[]): Promise<SecretsResult> {
  const { folder, all } = await secretsOf(path);
  const chosen = names.map((name) => [name, all.get(name) ?? unknownSecret(name, all.keys())] as const);
  for (const [name, spec] of chosen) mayChange(name, spec);
  return change(folder, () => chosen.map(([name, spec]) => [name, generate(spec)]));
}

/** Which secrets are meant. */
export interface Chosen {
  readonly names: readonly string[];
  readonly services: readonly string[];
  readonly all: boolean;
}

/**
 * The names of the secrets that are meant, sorted. Those that cannot be made anew are left out where they are not named. KLG-105 for a service that is not on,
 * KLG-122 for a name that no service that is on has, KLG-555 for one that cannot be made anew.
 */
export async function chooseSecrets(path: string, { names, services, all }: Chosen): Promise<string[]> {
  const { deployment, catalog } = await loadDeployment(path);
  const on = neededSecrets(catalog, deployment.services);
  for (const name of names) {
    mayChange(name, on.get(name) ?? unknownSecret(name, on.keys()));
  }
  for (const name of services) {
    if (deployment.services.includes(name)) continue;
    const message = `no service ${name} is on${suggestion(name, deployment.services)}`;
    throw new KollageError({ code: 'KLG-105', message });
  }
  const common = new Set(neededSecrets(catalog, []).keys());
  const theirs = services.flatMap((name) =>
    [...neededSecrets(catalog, [name]).keys()].filter((one) => !common.has(one)),
  );
  const swept = (all ? [...on.keys()] : theirs).filter((name) => on.get(name)?.fixed === undefined);
  return [...new Set([...names, ...swept])].sort();
}

/** Encrypts passwords.yml, or encrypts it anew for those who are in age-recipients.txt now. */
export async function encryptSecrets(path: string): Promise<SecretsResult> {
  return change(openDeployment(path), () => [], true);
}

/** Writes passwords.yml in clear text, as kolla-ansible wants it. */
export async function decryptSecrets(path: string): Promise<SecretsResult> {
  return change(openDeployment(path), () => [], false);
}

export interface ListedSecret {
  readonly name: string;
  readonly there: boolean;
  /** Whether a service that is on needs it. */
  readonly needed: boolean;
  readonly doc: string | null;
}

/** The names of all secrets that are needed or there, sorted. */
export async function listSecrets(path: string): Promise<ListedSecret[]> {
  const { folder, on, all } = await secretsOf(path);
  const { values } = await readPasswords(folder);
  const pairs = [...values.keys()].map((name) =>
    isPair(all.get(stem(name)) ?? password) ? stem(name) : name,
  );
  return [...new Set([...on.keys(), ...pairs])].sort().map((name) => ({
    name,
    there: has(values, name),
    needed: on.has(name),
    doc: all.get(name)?.doc ?? null,
  }));
}

/** One secret's value. Throws KLG-122 when the folder has none of that name. */
export async function showSecret(path: string, name: string): Promise<string> {
  const { values } = await readPasswords(openDeployment(path));
  return (values.get(name) ?? unknownSecret(name, values.keys())).reveal();
}

const password: SecretSpec = { generate: 'password', length: 40 };

async function secretsOf(path: string): Promise<{
  folder: Folder;
  /** By name, those of the services that are on, and those of every service of the catalog. */
  on: ReadonlyMap<string, SecretSpec>;
  all: ReadonlyMap<string, SecretSpec>;
}> {
  const { deployment, catalog } = await loadDeployment(path);
  const on = new Map([...neededSecrets(catalog, deployment.services), ...ownSecrets(deployment.engine.type)]);
  const all = new Map([...neededSecrets(catalog, [...catalog.services.keys()]), ...on]);
  return { folder: openDeployment(path), on, all };
}

/** Reads passwords.yml, changes it, proves that nothing else has changed, and writes it. */
async function change(
  folder: Folder,
  make: (values: ReadonlyMap<string, SecretText>) => (readonly [string, SecretValue])[],
  encrypted?: boolean,
): Promise<SecretsResult> {
  const raw = folder.read(passwordsFile)?.text ?? null;
  const before = await readPasswords(folder);
  if (raw === null && encrypted !== undefined)
    throw new KollageError({ code: 'KLG-120', message: `${folder.name('')} holds no ${passwordsFile}` });
  const made = new Map(make(before.values));
  const text = setSecrets(before.text?.reveal() ?? '', made);
  prove(before.values, made, text);
  const seal = encrypted ?? (raw === null || before.encrypted);
  const key = seal ? await ownKey(folder) : null;
  if (made.size > 0 || seal !== before.encrypted || encrypted !== undefined)
    savePrivately(join(folder.path, passwordsFile), key ? await encrypt(folder, text, key) : text, raw);
  const kept = [...before.values.keys()].filter((name) => !made.has(name) && !made.has(stem(name))).length;
  return { file: folder.name(passwordsFile), made: [...made.keys()].sort(), kept, encrypted: seal, key };
}

/** Rather no change than a wrong one: a lost password locks people out. */
function prove(
  before: ReadonlyMap<string, SecretText>,
  made: ReadonlyMap<string, SecretValue>,
  text: string,
): void {
  const expected = new Map([...before].map(([name, value]) => [name, value.reveal()]));
  for (const [name, value] of made) {
    if (typeof value === 'string') expected.set(name, value);
    else for (const [part, partValue] of Object.entries(value)) expected.set(`${name}.${part}`, partValue);
  }
  const after = new Gather().try(() => parsePasswords(passwordsFile, text));
  const isSame = ([name, value]: [string, string]) => after?.get(name)?.reveal() === value;
  if (after?.size === expected.size && [...expected].every(isSame)) return;
  const message = `${passwordsFile} is written in a way that cannot be changed without loss`;
  throw new KollageError({ code: 'KLG-125', message });
}

/** Whether a secret is there; of a pair, whether either part is. */
function has(values: ReadonlyMap<string, SecretText>, name: string): boolean {
  return values.has(name) || values.has(`${name}.private_key`) || values.has(`${name}.public_key`);
}

function stem(name: string): string {
  return name.replace(/\.(private|public)_key$/, '');
}

function mayChange(name: string, { fixed }: SecretSpec): void {
  if (fixed === undefined) return;
  throw new KollageError({ code: 'KLG-555', message: `${name} cannot be made anew: ${fixed}` });
}

function unknownSecret(name: string, names: Iterable<string>): never {
  throw new KollageError({
    code: 'KLG-122',
    message: `there is no secret ${name}${suggestion(name, names)}`,
  });
}
