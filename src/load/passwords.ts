import { createHmac } from 'node:crypto';
import { type Finding, KollageError } from '../model/error.ts';
import { decrypt, isEncrypted } from './age.ts';
import type { Folder } from './folder.ts';
import { SecretText } from './secret-text.ts';
import type { MapNode } from './yaml/node.ts';
import { readYaml } from './yaml/read.ts';

export const passwordsFile = 'passwords.yml';
/** The secret that keys the fingerprints of the others. */
export const fingerprintKey = 'kollage_fingerprint_key';

export interface Passwords {
  /** By name; the parts of a key pair are `name.private_key` and `name.public_key`. A name without a value is not here. */
  readonly values: ReadonlyMap<string, SecretText>;
  /** The YAML that the file holds, decrypted; null when there is no file. */
  readonly text: SecretText | null;
  readonly encrypted: boolean;
}

/**
 * Reads passwords.yml: kolla-ansible's plain file, or the same encrypted as a whole with age under the same name.
 * Throws KLG-121 when it cannot be decrypted, KLG-102 and KLG-104 when it is no map of names to texts (no message holds a value),
 * KLG-106 to KLG-108 when it cannot be read.
 */
export async function readPasswords(folder: Folder): Promise<Passwords> {
  const file = folder.read(passwordsFile);
  if (!file) return { values: new Map(), text: null, encrypted: false };
  if (file.text.startsWith('$ANSIBLE_VAULT')) {
    const message = `${file.file} is encrypted by ansible-vault; decrypt it with \`ansible-vault decrypt\` first`;
    throw new KollageError({ code: 'KLG-121', message, place: { file: file.file } });
  }
  const encrypted = isEncrypted(file.text);
  const text = encrypted ? await decrypt(file.text, file.file, folder.path) : file.text;
  return { values: parsePasswords(file.file, text), text: new SecretText(text), encrypted };
}

/** The values of a decrypted passwords.yml. Throws KLG-102 and KLG-104. */
export function parsePasswords(file: string, text: string): ReadonlyMap<string, SecretText> {
  const { root, value } = readYaml(file, text, { dialect: '1.1' });
  const values = new Map<string, SecretText>();
  if (value === null) return values;
  if (root.kind !== 'map') {
    throw new KollageError({
      code: 'KLG-104',
      message: `${file} must be a map of names to secrets`,
      place: root.source.place(root.start),
    });
  }
  flatten(root, '', values);
  return values;
}

function flatten(map: MapNode, prefix: string, into: Map<string, SecretText>): void {
  for (const [key, { node }] of map.entries) {
    const name = prefix + key;
    if (node.kind === 'map') flatten(node, `${name}.`, into);
    else if (node.kind === 'scalar') {
      // A password of digits alone is a number to YAML: what is written counts.
      if (node.value !== null && node.text !== '') into.set(name, new SecretText(node.text));
    } else {
      const place = node.source.place(node.start);
      throw new KollageError({
        code: 'KLG-104',
        message: `the secret ${name} must be a text, not a list`,
        place,
      });
    }
  }
}

/**
 * What may be shown and kept of secrets: for each name the first 32 hexadecimal digits of an HMAC-SHA256 of its value, keyed by
 * the secret kollage_fingerprint_key, so that who sees fingerprints cannot try passwords against them.
 */
export function fingerprints(values: ReadonlyMap<string, SecretText>): ReadonlyMap<string, string> {
  const key = values.get(fingerprintKey)?.reveal() ?? '';
  return new Map(
    [...values].map(([name, value]) => [
      name,
      createHmac('sha256', key).update(name).update('\0').update(value.reveal()).digest('hex').slice(0, 32),
    ]),
  );
}

/** Findings about how the secrets are kept: KLG-124 for a plain file, KLG-126 for fingerprints without a key. */
export function passwordFindings(passwords: Passwords, file: string): Finding[] {
  if (passwords.text === null || passwords.values.size === 0) return [];
  const findings: Finding[] = [];
  if (!passwords.encrypted)
    findings.push({
      code: 'KLG-124',
      severity: 'warning',
      message: `${file} holds secrets in clear text`,
      place: { file },
    });
  if (!passwords.values.has(fingerprintKey))
    findings.push({
      code: 'KLG-126',
      severity: 'info',
      message: `${file} has no ${fingerprintKey}`,
      place: { file },
    });
  return findings;
}
