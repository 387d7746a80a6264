import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { complaints, folderWith } from '../../test/support/folders.ts';
import { Folder } from './folder.ts';
import { fingerprints, passwordFindings, readPasswords } from './passwords.ts';
import { SecretText } from './secret-text.ts';

function open(files: Readonly<Record<string, string>>): Folder {
  const folder = Folder.open(folderWith(files));
  if (!folder) throw new Error('no folder');
  return folder;
}

async function encrypted(text: string, identity: string): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  return armor.encode(await encrypter.encrypt(text));
}

beforeEach(() => {
  vi.stubEnv('XDG_CONFIG_HOME', folderWith({}));
  vi.stubEnv('KOLLAGE_AGE_KEY_FILE', undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe('a plain passwords.yml', () => {
  it('is read as it is written, pairs of keys by their parts', async () => {
    const { values, encrypted: isEncrypted } = await readPasswords(
      open({
        'passwords.yml':
          '---\n# of kolla\na: x\nnumber: 0123\nyes_no: yes\nempty:\nquoted: "1:2"\nkey:\n  private_key: |\n    one\n    two\n  public_key:\n',
      }),
    );
    expect(isEncrypted).toBe(false);
    expect([...values].map(([name, value]) => [name, value.reveal()])).toEqual([
      ['a', 'x'],
      ['number', '0123'],
      ['yes_no', 'yes'],
      ['quoted', '1:2'],
      ['key.private_key', 'one\ntwo\n'],
    ]);
  });

  it('need not be there', async () => {
    const passwords = await readPasswords(open({}));
    expect(passwords).toMatchObject({ text: null, encrypted: false });
    expect(passwordFindings(passwords, 'passwords.yml')).toEqual([]);
  });

  it('is warned of', async () => {
    const passwords = await readPasswords(open({ 'passwords.yml': 'a: x\n' }));
    expect(
      passwordFindings(passwords, 'passwords.yml').map(({ code, severity }) => [code, severity]),
    ).toEqual([
      ['KLG-124', 'warning'],
      ['KLG-126', 'info'],
    ]);
  });

  it.each([
    ['hunter2', 'KLG-104 passwords.yml:1:1 passwords.yml must be a map of names to secrets'],
    ['a:\n  - hunter2', 'KLG-104 passwords.yml:2:3 the secret a must be a text, not a list'],
    ['a: "hunter2', /^KLG-102 passwords.yml:1:12 /],
    ['a: !vault hunter2', /^KLG-102 passwords.yml:1:11 a value is encrypted by ansible-vault/],
    ['$ANSIBLE_VAULT;1.1;AES256\n3132', /^KLG-121 passwords.yml passwords.yml is encrypted by ansible-vault/],
  ])('that holds %j is refused without its values', async (text, expected) => {
    const folder = open({ 'passwords.yml': text });
    const [told] = await complaints(() => readPasswords(folder), folder.path);
    expect(told).toMatch(expected);
    expect(told).not.toContain('hunter2');
  });
});

describe('an encrypted passwords.yml', () => {
  it.each(['variable', 'folder', 'user'])('is opened by the identity of the %s', async (where) => {
    const identity = await generateX25519Identity();
    const folder = open({ 'passwords.yml': await encrypted('a: hunter2\n', identity), '.kollage/x': '' });
    const elsewhere = folderWith({ 'some.key': `# a comment\n${identity}\n`, 'kollage/age.key': identity });
    if (where === 'variable') vi.stubEnv('KOLLAGE_AGE_KEY_FILE', join(elsewhere, 'some.key'));
    if (where === 'folder') writeFileSync(join(folder.path, '.kollage/age.key'), identity);
    if (where === 'user') vi.stubEnv('XDG_CONFIG_HOME', elsewhere);
    const passwords = await readPasswords(folder);
    expect(passwords.encrypted).toBe(true);
    expect(passwords.values.get('a')?.reveal()).toBe('hunter2');
  });

  it.each<[string, (folder: string) => Promise<void> | void, RegExp]>([
    [
      'without a key',
      () => undefined,
      /^KLG-121 .*passwords.yml is encrypted, and there is no age identity at /,
    ],
    [
      'with another key',
      async (folder) => writeFileSync(join(folder, '.kollage/age.key'), await generateX25519Identity()),
      /^KLG-121 .*is not opened by the age identity/,
    ],
    [
      'with a key that is none',
      (folder) => writeFileSync(join(folder, '.kollage/age.key'), 'hunter2'),
      /^KLG-121 .*holds no age identity/,
    ],
    [
      'with a key that is broken',
      (folder) => writeFileSync(join(folder, '.kollage/age.key'), 'AGE-SECRET-KEY-1HUNTER2'),
      /^KLG-121 .*is not opened/,
    ],
    [
      'with a variable that names nothing',
      () => void vi.stubEnv('KOLLAGE_AGE_KEY_FILE', '/nowhere/at/all'),
      /^KLG-121 .*KOLLAGE_AGE_KEY_FILE names \/nowhere\/at\/all, which is no file/,
    ],
  ])('is refused %s', async (_, prepare, expected) => {
    const text = await encrypted('a: hunter2\n', await generateX25519Identity());
    const folder = open({ 'passwords.yml': text, '.kollage/x': '' });
    await prepare(folder.path);
    const [told] = await complaints(() => readPasswords(folder));
    expect(told).toMatch(expected);
    expect(told?.toLowerCase()).not.toContain('hunter2');
  });

  it('that was cut off is refused', async () => {
    const identity = await generateX25519Identity();
    const text = await encrypted('a: x\n'.repeat(100), identity);
    const folder = open({ 'passwords.yml': text.slice(0, 300), '.kollage/age.key': identity });
    expect(await complaints(() => readPasswords(folder))).toEqual([
      expect.stringMatching(/^KLG-121 .*damaged/),
    ]);
  });
});

describe('what may be seen of a secret', () => {
  const secret = new SecretText('hunter2');

  it('is never its value', () => {
    const seen = [
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ a: [secret] }),
      `${secret}`,
      Object.values(secret),
    ];
    expect(seen.join()).not.toContain('hunter2');
    expect(secret.reveal()).toBe('hunter2');
  });

  it('is a fingerprint, which depends on value, name and key', () => {
    const of = (values: Record<string, string>) =>
      fingerprints(new Map(Object.entries(values).map(([name, value]) => [name, new SecretText(value)])));
    const key = { kollage_fingerprint_key: 'k' };
    const all = [
      of({ a: 'x' }),
      of({ a: 'y' }),
      of({ ...key, a: 'x' }),
      of({ kollage_fingerprint_key: 'l', a: 'x' }),
    ];
    expect(new Set(all.map((one) => one.get('a'))).size).toBe(4);
    expect(of({ ...key, a: 'x' }).get('a')).not.toBe(of({ ...key, b: 'x' }).get('b'));
    expect(of({ ...key, a: 'x' })).toEqual(of({ ...key, a: 'x' }));
    expect(of({ a: 'x' }).get('a')).toMatch(/^[0-9a-f]{32}$/);
  });
});
