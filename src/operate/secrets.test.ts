import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { armor, Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { complaints, folderWith, shopDeployment } from '../../test/support/folders.ts';
import { Folder } from '../load/folder.ts';
import { readPasswords } from '../load/passwords.ts';
import {
  chooseSecrets,
  decryptSecrets,
  encryptSecrets,
  ensureSecrets,
  listSecrets,
  rotateSecrets,
  showSecret,
} from './secrets.ts';

let home = '';
beforeEach(() => {
  home = folderWith({});
  vi.stubEnv('XDG_CONFIG_HOME', home);
  vi.stubEnv('KOLLAGE_AGE_KEY_FILE', undefined);
});
afterEach(() => vi.unstubAllEnvs());

const shop = (files: Readonly<Record<string, string>> = {}) => folderWith({ ...shopDeployment, ...files });
const text = (folder: string) => readFileSync(join(folder, 'passwords.yml'), 'utf8');
const mode = (path: string) => statSync(path).mode & 0o777;

async function values(path: string): Promise<Record<string, string>> {
  const folder = Folder.open(path);
  const read = folder ? await readPasswords(folder) : undefined;
  return Object.fromEntries([...(read?.values ?? [])].map(([name, value]) => [name, value.reveal()]));
}

const names = ['admin_password', 'kollage_fingerprint_key', 'shop_password', 'web_key'];

describe('making what is missing', () => {
  it('writes an encrypted file with everything, and a key to it', async () => {
    const folder = shop();
    const result = await ensureSecrets(folder);
    expect(result).toMatchObject({
      made: names,
      kept: 0,
      encrypted: true,
      key: { file: join(home, 'kollage/age.key'), made: true },
    });
    expect(text(folder)).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
    expect(Object.keys(await values(folder)).sort()).toEqual(names);
    expect([
      mode(join(folder, 'passwords.yml')),
      mode(join(home, 'kollage/age.key')),
      mode(join(home, 'kollage')),
    ]).toEqual([0o600, 0o600, 0o700]);
    expect(readFileSync(join(folder, 'age-recipients.txt'), 'utf8')).toMatch(/^# .*\nage1[a-z0-9]+\n$/);
    expect(JSON.stringify(result)).not.toContain(Object.values(await values(folder))[0]);
  });

  it('makes the key to ZooKeeper where Marathon is the engine, which is not made anew', async () => {
    const folder = shop({
      'kollage.yaml': shopDeployment['kollage.yaml'].replace(/^name: .*$/m, '$&\nengine: marathon'),
    });
    expect((await ensureSecrets(folder)).made).toEqual([...names, 'kollage_store_key'].sort());
    expect(await complaints(() => rotateSecrets(folder, ['kollage_store_key']))).toEqual([
      expect.stringMatching(/^KLG-555 .*kollage_store_key cannot be made anew/),
    ]);
  });

  it('does nothing a second time', async () => {
    const folder = shop();
    await ensureSecrets(folder);
    const before = text(folder);
    expect(await ensureSecrets(folder)).toMatchObject({ made: [], kept: 4 });
    expect(text(folder)).toBe(before);
  });

  it('leaves a plain file plain, and everything in it as it is', async () => {
    const plain = '---\n# of kolla\nweb_key: mine\nadmin_password:\nunknown: x   # kept\n';
    const folder = shop({ 'passwords.yml': plain });
    expect(await ensureSecrets(folder)).toMatchObject({
      made: ['admin_password', 'kollage_fingerprint_key', 'shop_password'],
      kept: 2,
      encrypted: false,
      key: null,
    });
    expect(text(folder)).toMatch(
      /^---\n# of kolla\nweb_key: mine\nadmin_password: "\w{40}"\nunknown: x {3}# kept\nshop_password: "\w{40}"\nkollage_fingerprint_key: "\w{64}"\n$/,
    );
    expect(mode(join(folder, 'passwords.yml'))).toBe(0o600);
    expect(existsSync(join(home, 'kollage'))).toBe(false);
  });

  it('never changes a value that is there', async () => {
    const value = fc.stringMatching(/^[ -~]{1,20}$/);
    const some = fc.dictionary(fc.constantFrom(...names, 'unknown', 'other_password'), value);
    await fc.assert(
      fc.asyncProperty(some, async (before) => {
        const lines = Object.entries(before).map(([name, secret]) => `${name}: ${JSON.stringify(secret)}\n`);
        const folder = folderWith({ ...shopDeployment, 'passwords.yml': lines.join('') });
        await ensureSecrets(folder);
        const after = await values(folder);
        expect(after).toMatchObject(before);
        expect(Object.keys(after).sort()).toEqual([...new Set([...names, ...Object.keys(before)])].sort());
      }),
      { numRuns: 20 },
    );
  });

  it('leaves no other file behind', async () => {
    const folder = shop();
    const before = readdirSync(folder);
    await ensureSecrets(folder);
    expect(readdirSync(folder).sort()).toEqual([...before, 'age-recipients.txt', 'passwords.yml'].sort());
    expect(readdirSync(join(home, 'kollage'))).toEqual(['age.key']);
  });
});

describe('which are meant', () => {
  const fixed = shopDeployment['cat/web/service.yaml'].replace(
    'web_key: { generate: hex, length: 16 }',
    'web_key: { generate: hex, length: 16, fixed: all pages are signed with it }',
  );
  const chosen = (names: string[], services: string[] = [], all = false) => ({ names, services, all });

  it('by name, by service with its traits, or all; never the key of fingerprints', async () => {
    const folder = shop();
    expect(await chooseSecrets(folder, chosen(['web_key']))).toEqual(['web_key']);
    expect(await chooseSecrets(folder, chosen([], ['web']))).toEqual(['shop_password', 'web_key']);
    expect(await chooseSecrets(folder, chosen([], [], true))).toEqual([
      'admin_password',
      'shop_password',
      'web_key',
    ]);
  });

  it('what cannot be made anew is left out, and refused by name', async () => {
    const folder = shop({ 'cat/web/service.yaml': fixed });
    expect(await chooseSecrets(folder, chosen([], ['web']))).toEqual(['shop_password']);
    expect(await complaints(() => chooseSecrets(folder, chosen(['web_key'])))).toEqual([
      'KLG-555 - web_key cannot be made anew: all pages are signed with it',
    ]);
  });

  it('unknown names are refused', async () => {
    expect(await complaints(() => chooseSecrets(shop(), chosen(['web_kee'])))).toEqual([
      'KLG-122 - there is no secret web_kee; did you mean web_key?',
    ]);
    expect(await complaints(() => chooseSecrets(shop(), chosen([], ['wep'])))).toEqual([
      'KLG-105 - no service wep is on; did you mean web?',
    ]);
  });
});

describe('other changes', () => {
  it('rotates what is named, and nothing else', async () => {
    const folder = shop();
    await ensureSecrets(folder);
    const before = await values(folder);
    expect(await rotateSecrets(folder, ['web_key'])).toMatchObject({
      made: ['web_key'],
      kept: 3,
      encrypted: true,
    });
    const { web_key: fresh, ...others } = await values(folder);
    expect(fresh).toMatch(/^[0-9a-f]{16}$/);
    expect(fresh).not.toBe(before['web_key']);
    expect(before).toMatchObject(others);
  });

  it('refuses to rotate what nobody knows', async () => {
    const folder = shop();
    expect(await complaints(() => rotateSecrets(folder, ['web_kee']))).toEqual([
      'KLG-122 - there is no secret web_kee; did you mean web_key?',
    ]);
    expect(existsSync(join(folder, 'passwords.yml'))).toBe(false);
  });

  it('takes over a plain file, and gives it back', async () => {
    const plain = '# kept\nweb_key: mine\n';
    const folder = shop({ 'passwords.yml': plain });
    expect(await encryptSecrets(folder)).toMatchObject({ made: [], kept: 1, encrypted: true });
    expect(text(folder)).toMatch(/^-----BEGIN AGE/);
    expect(await values(folder)).toEqual({ web_key: 'mine' });
    expect(await decryptSecrets(folder)).toMatchObject({ encrypted: false });
    expect(text(folder)).toBe(plain);
  });

  it('encrypts for every operator who is listed', async () => {
    const other = await generateX25519Identity();
    const folder = shop({
      'passwords.yml': 'web_key: mine\n',
      'age-recipients.txt': `# them\n\n${await identityToRecipient(other)}\n`,
    });
    await encryptSecrets(folder);
    const decrypter = new Decrypter();
    decrypter.addIdentity(other);
    expect(await decrypter.decrypt(armor.decode(text(folder)), 'text')).toBe('web_key: mine\n');
    expect(await values(folder)).toEqual({ web_key: 'mine' });
  });

  it.each<[string, Record<string, string>, (folder: string) => Promise<unknown>, RegExp]>([
    ['encrypting nothing', {}, encryptSecrets, /^KLG-120 /],
    ['decrypting nothing', {}, decryptSecrets, /^KLG-120 /],
    [
      'a recipient that is none',
      { 'passwords.yml': 'a: b\n', 'age-recipients.txt': '# x\nage1nobody\n' },
      encryptSecrets,
      /^KLG-121 age-recipients.txt:2 line 2 of age-recipients.txt is no age recipient/,
    ],
    ['a file in braces', { 'passwords.yml': '{ a: b }\n' }, ensureSecrets, /^KLG-125 /],
    [
      'aliases',
      { 'passwords.yml': 'web_key: &a\n  private_key: x\nother: *a\nadmin_password:\n' },
      (folder) => rotateSecrets(folder, ['web_key']),
      /^KLG-125 /,
    ],
    ['a broken file', { 'passwords.yml': 'a: "b\n' }, ensureSecrets, /^KLG-102 /],
  ])('refuses %s and leaves the file as it is', async (_, files, action, expected) => {
    const folder = shop(files);
    const [told] = await complaints(() => action(folder), folder);
    expect(told).toMatch(expected);
    expect(existsSync(join(folder, 'passwords.yml')) ? text(folder) : undefined).toBe(files['passwords.yml']);
  });
});

describe('looking', () => {
  it('lists names and whether they are there, never values', async () => {
    const folder = shop({ 'passwords.yml': 'web_key: hunter2\nunknown: hunter2\n' });
    const list = await listSecrets(folder);
    expect(list.map(({ name, there, needed }) => [name, there, needed])).toEqual([
      ['admin_password', false, true],
      ['kollage_fingerprint_key', false, true],
      ['shop_password', false, true],
      ['unknown', true, false],
      ['web_key', true, true],
    ]);
    expect(JSON.stringify(list)).not.toContain('hunter2');
  });

  it('shows one that is asked for', async () => {
    const folder = shop({ 'passwords.yml': 'web_key: hunter2\n' });
    expect(await showSecret(folder, 'web_key')).toBe('hunter2');
    expect(await complaints(() => showSecret(folder, 'web_kee'))).toEqual([
      'KLG-122 - there is no secret web_kee; did you mean web_key?',
    ]);
  });
});
