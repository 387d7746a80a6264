import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { KollageError } from '../model/error.ts';
import { openX25519 } from './age-x25519.ts';
import { nameFile } from './name-file.ts';

const header = '-----BEGIN AGE ENCRYPTED FILE-----';

/** Whether a text is a file that age encrypted, in its armored form (https://age-encryption.org/v1). */
export function isEncrypted(text: string): boolean {
  return text.trimStart().startsWith(header);
}

/** Where this user's own identity is kept. */
export function userIdentityFile(): string {
  return join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'kollage', 'age.key');
}

/**
 * The file with the age identities that open a folder's secrets: KOLLAGE_AGE_KEY_FILE, else .kollage/age.key in the folder (for
 * machines that have but this one), else kollage/age.key among the user's settings. Null when there is none.
 * Throws KLG-121 when the variable names a file that is not there.
 */
export function findIdentityFile(folder: string): string | null {
  const named = process.env['KOLLAGE_AGE_KEY_FILE'];
  if (named) {
    if (isFile(named)) return named;
    throw closed(`KOLLAGE_AGE_KEY_FILE names ${nameFile(named)}, which is no file`);
  }
  return [join(folder, '.kollage', 'age.key'), userIdentityFile()].find(isFile) ?? null;
}

/** The identities of a key file, as age-keygen writes it. Throws KLG-121 when it cannot be read or holds none. */
export function readIdentities(file: string): string[] {
  const lines = readLines(file);
  const identities = lines.filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  if (identities.length === 0) throw closed(`${nameFile(file)} holds no age identity (AGE-SECRET-KEY-…)`);
  return identities;
}

function readLines(file: string): string[] {
  try {
    if (statSync(file).size > 2 ** 20) throw closed(`${nameFile(file)} is too large for a key file`);
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim());
  } catch (cause) {
    if (cause instanceof KollageError) throw cause;
    throw closed(`the key file ${nameFile(file)} cannot be read`, cause);
  }
}

/**
 * Opens an armored text with the identity that findIdentityFile finds. `name` is how errors name the text's file.
 * Throws KLG-121 when there is no identity, or none of them opens it.
 */
export async function decrypt(text: string, name: string, folder: string): Promise<string> {
  const file = findIdentityFile(folder);
  if (file === null)
    throw closed(`${name} is encrypted, and there is no age identity at ${nameFile(userIdentityFile())}`);
  const identities = readIdentities(file);
  const opened = openX25519(unarmored(text), identities);
  if (opened !== null) return opened;
  const { Decrypter, armor } = await import('age-encryption');
  try {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    return await decrypter.decrypt(armor.decode(text.trim()), 'text');
  } catch (cause) {
    throw closed(`${name} is not opened by the age identity in ${nameFile(file)}, or it is damaged`, cause);
  }
}

function unarmored(text: string): Buffer {
  return Buffer.from(text.replace(/-----(BEGIN|END) AGE ENCRYPTED FILE-----/g, ''), 'base64');
}

function closed(message: string, cause?: unknown): KollageError {
  return new KollageError({ code: 'KLG-121', message }, { cause });
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
