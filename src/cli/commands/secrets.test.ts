import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { complaints, folderWith, shopDeployment } from '../../../test/support/folders.ts';
import { register as registerInit } from './init.ts';
import { register as registerSecrets } from './secrets.ts';

/** What a command prints. */
async function run(...words: string[]): Promise<string> {
  let output = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
  try {
    const program = new Command();
    registerInit(program);
    registerSecrets(program);
    await program.parseAsync(words, { from: 'user' });
    return output;
  } finally {
    write.mockRestore();
  }
}

let home = '';
beforeEach(() => {
  home = folderWith({});
  vi.stubEnv('XDG_CONFIG_HOME', home);
});
afterEach(() => vi.unstubAllEnvs());

describe('kollage secrets', () => {
  it('says what it made, and where the key is', async () => {
    const folder = folderWith(shopDeployment);
    expect(await run('secrets', '-f', folder)).toBe(
      [
        ...['admin_password', 'kollage_fingerprint_key', 'shop_password', 'web_key'].map(
          (name) => `made ${name}`,
        ),
        `${folder}/passwords.yml: 4 made, 0 kept, encrypted`,
        `${home}/kollage/age.key is the new key to it: keep a copy of it.`,
        '',
      ].join('\n'),
    );
    expect(await run('secrets', '-f', folder)).toBe(`${folder}/passwords.yml: 0 made, 4 kept, encrypted\n`);
    const shown = await run('secrets', '-f', folder, '--show', 'web_key');
    expect(shown).toMatch(/^[0-9a-f]{16}\n$/);
    for (const quiet of [
      ['--list'],
      ['--list', '--json'],
      ['--rotate', 'shop_password'],
      ['--decrypt', '--json'],
    ])
      expect(await run('secrets', '-f', folder, ...quiet)).not.toContain(shown.trim());
    expect(readFileSync(join(folder, 'passwords.yml'), 'utf8')).toContain(shown.trim());
  });

  it('lists', async () => {
    const folder = folderWith({ ...shopDeployment, 'passwords.yml': 'web_key: x\nold: y\n' });
    expect(await run('secrets', '-f', folder, '--list')).toBe(`admin_password           missing
kollage_fingerprint_key  missing  (Keys the fingerprints of the other secrets)
old                      there, not used
shop_password            missing
web_key                  there
`);
  });

  it('refuses two things at once', async () => {
    expect(await complaints(() => run('secrets', '--list', '--encrypt'))).toEqual([
      'KLG-901 - --list and --encrypt cannot be asked for at once',
    ]);
  });
});

describe('kollage init', () => {
  it('says what it wrote, and what comes next', async () => {
    const folder = join(folderWith({}), 'cloud');
    expect(await run('init', folder)).toBe(
      `${folder}: .gitignore, config/README.md, kollage.yaml, passwords.yml\n${home}/kollage/age.key is the key to its secrets: keep a copy of it.\nNext: kollage plan --folder ${folder}\n`,
    );
  });
});
