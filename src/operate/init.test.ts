import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { complaints, folderWith, shopCatalog } from '../../test/support/folders.ts';
import { loadDeployment } from '../load/deployment.ts';
import { initDeployment } from './init.ts';

beforeEach(() => vi.stubEnv('XDG_CONFIG_HOME', folderWith({})));
afterEach(() => vi.unstubAllEnvs());

describe('making a deployment folder', () => {
  it('gives one that loads, with five lines that count', async () => {
    const folder = join(folderWith({}), 'My cloud');
    await initDeployment({ folder });
    const { deployment, findings } = await loadDeployment(folder);
    expect(deployment).toMatchObject({ name: 'my-cloud', engine: { type: 'docker' }, address: '127.0.0.1' });
    expect(deployment.secrets.size).toBeGreaterThan(5);
    expect(deployment.overrides).toEqual([]);
    expect(findings).toEqual([]);
    const lines = readFileSync(join(folder, 'kollage.yaml'), 'utf8').split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toHaveLength(5);
    expect(readdirSync(folder).sort()).toEqual([
      '.gitignore',
      'age-recipients.txt',
      'config',
      'kollage.yaml',
      'passwords.yml',
    ]);
  });

  it('takes what it is told', async () => {
    const base = folderWith(shopCatalog);
    const folder = join(base, 'deep/in/here');
    await initDeployment({
      folder,
      name: 'shop',
      catalog: join(base, 'cat'),
      release: '2.0',
      profile: 'data',
      engine: 'kubernetes',
    });
    const { deployment } = await loadDeployment(folder);
    expect(deployment).toMatchObject({
      name: 'shop',
      release: '2.0',
      services: ['db'],
      engine: { type: 'kubernetes' },
    });
    expect(readFileSync(join(folder, 'kollage.yaml'), 'utf8')).toContain('catalog: "../../../cat"');
  });

  it('fills a new Git repository', async () => {
    const folder = folderWith({ '.git/HEAD': '' });
    await initDeployment({ folder });
    expect(readdirSync(folder)).toContain('kollage.yaml');
  });

  it.each<[string, object, RegExp]>([
    ['a taken folder', {}, /^KLG-112 taken is not empty: it holds file/],
    ['a file', { folder: 'taken/file' }, /^KLG-112 .* is no folder that can be filled/],
    [
      'an unknown engine',
      { folder: 'new', engine: 'dokcer' },
      /^KLG-105 .*there is no engine dokcer; did you mean docker\?/,
    ],
    ['an unknown release', { folder: 'new', release: '2025' }, /^KLG-105 .*there is no release 2025/],
    ['an unknown profile', { folder: 'new', profile: 'al' }, /^KLG-105 .*there is no profile al/],
    ['an unknown catalog', { folder: 'new', catalog: 'opnstack' }, /^KLG-201 .*did you mean openstack\?/],
    [
      'a name that cannot be one',
      { folder: 'new', name: 'A b' },
      /^KLG-104 .*the name of a deployment must be lower-case/,
    ],
  ])('refuses %s and writes nothing', async (_, options, expected) => {
    const base = folderWith({ 'taken/file': '' });
    mkdirSync(join(base, 'empty'));
    const given = { folder: 'taken', ...options };
    const [told] = await complaints(
      () => initDeployment({ ...given, folder: join(base, given.folder) }),
      base,
    );
    expect(told?.replace(' - ', ' ')).toMatch(expected);
    expect(readdirSync(base).sort()).toEqual(['empty', 'taken']);
    expect(readdirSync(join(base, 'taken'))).toEqual(['file']);
  });
});
