import { dirname, join } from 'node:path';
import { findIdentityFile, readIdentities, userIdentityFile } from '../../load/age.ts';
import type { Folder } from '../../load/folder.ts';
import { KollageError } from '../../model/error.ts';
import { makePrivateFolder, savePrivately } from './save.ts';

export const recipientsFile = 'age-recipients.txt';

export interface Key {
  readonly file: string;
  /** Whether it was made now, so that the person must be told to keep it. */
  readonly made: boolean;
}

/** The file of this person's age identity; makes one among the user's settings when there is none. Throws KLG-121, KLG-125. */
export async function ownKey(folder: Folder): Promise<Key> {
  const found = findIdentityFile(folder.path);
  if (found !== null) return { file: found, made: false };
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
  const identity = await generateX25519Identity();
  const file = userIdentityFile();
  makePrivateFolder(dirname(file));
  savePrivately(file, `# public key: ${await identityToRecipient(identity)}\n${identity}\n`, null);
  return { file, made: true };
}

/**
 * Encrypts for everyone in age-recipients.txt and for the holder of `key`; armored. A folder without that file gets one.
 * Throws KLG-121 for a line of it that is no recipient.
 */
export async function encrypt(folder: Folder, text: string, key: Key): Promise<string> {
  const { Encrypter, armor, identityToRecipient } = await import('age-encryption');
  const own = await Promise.all(readIdentities(key.file).map((identity) => identityToRecipient(identity)));
  const listed = recipients(folder);
  const encrypter = new Encrypter();
  for (const [recipient, line] of new Map([...own.map((one) => [one, 0] as const), ...(listed ?? [])])) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      const place = { file: folder.name(recipientsFile), line };
      const message = `line ${line} of ${recipientsFile} is no age recipient (age1…)`;
      throw new KollageError({ code: 'KLG-121', message, place }, { cause });
    }
  }
  const encrypted = armor.encode(await encrypter.encrypt(text));
  if (listed === null) savePrivately(join(folder.path, recipientsFile), newList(own), null);
  return encrypted;
}

/** Recipients with the lines they stand on (from 1); null without the file. */
function recipients(folder: Folder): [string, number][] | null {
  const file = folder.read(recipientsFile);
  if (!file) return null;
  return file.text.split('\n').flatMap((line, index): [string, number][] => {
    const text = line.trim();
    return text === '' || text.startsWith('#') ? [] : [[text, index + 1]];
  });
}

function newList(own: readonly string[]): string {
  return `# Who can open passwords.yml: one age recipient a line. After a change: kollage secrets --encrypt\n${own.join('\n')}\n`;
}
