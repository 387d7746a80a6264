import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { backToFirst } from '../support/back.ts';
import { scratch } from '../support/folders.ts';
import { haveImages } from '../support/images.ts';

/* That a newer release which migrates a database and then does not work leaves the database as it was: Keystone with its MariaDB. */

const name = 'kollage-data';
const folder = join(scratch(), 'deployment');
const settings = `name: ${name}
profile: identity
services:
  mariadb: { options: { port: 33316 } }
  memcached: { options: { port: 31311 } }
  keystone: { options: { port: 35100, processes: 1 } }
`;

beforeAll(async () => {
  await haveImages('2026.2', 'keystone');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kollage.yaml'), settings);
  const secrets = [
    'database_password',
    'keystone_database_password',
    'keystone_admin_password',
    'kollage_fingerprint_key',
  ];
  writeFileSync(
    join(folder, 'passwords.yml'),
    secrets.map((secret) => `${secret}: ${secret}-${name}\n`).join(''),
    { mode: 0o600 },
  );
  await bringUp();
});

afterAll(async () => {
  await destroy(folder, { data: false });
});

async function bringUp(): Promise<void> {
  const signal = new AbortController().signal;
  await up({ folder, emit: () => undefined, planned: () => undefined, signal });
}

async function sql(program: 'mariadb-dump' | 'mariadb', ...args: string[]): Promise<string> {
  const { values } = await readPasswords(openDeployment(folder));
  const env = { ...process.env, MYSQL_PWD: values.get('database_password')?.reveal() };
  const client = [program, '-h', '127.0.0.1', '-P', '33316', '-u', 'root'];
  const words = ['exec', '-e', 'MYSQL_PWD', `${name}-mariadb-server`, ...client, ...args];
  return execFileSync('docker', words, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
}

function dump(): Promise<string> {
  return sql(
    'mariadb-dump',
    '--skip-dump-date',
    '--hex-blob',
    '--order-by-primary',
    '--databases',
    'keystone',
  );
}

test('a migration is taken back, with what was in the database', async () => {
  await sql(
    'mariadb',
    '-e',
    "INSERT INTO keystone.project_tag VALUES ((SELECT id FROM keystone.project LIMIT 1), 'mine')",
  );
  const before = await dump();
  expect(before).toContain('mine');
  mkdirSync(join(folder, 'config/keystone'), { recursive: true });
  writeFileSync(
    join(folder, 'config/keystone/keystone-uwsgi.ini'),
    '[uwsgi]\nmodule = no.such.module:app\nneed-app = true\n',
  );
  const images = 'images: { overrides: { keystone: "kollage/keystone:2026.2" } }\n';
  writeFileSync(join(folder, 'kollage.yaml'), settings + images);
  await expect(bringUp()).rejects.toMatchObject({ code: 'KLG-504' });
  expect(await dump()).toBe(before);
  expect((await status(folder)).workloads.map(({ workload, state }) => [workload, state])).toEqual([
    ['keystone/api', 'healthy'],
    ['mariadb/server', 'healthy'],
    ['memcached/server', 'healthy'],
  ]);
});

test('one that stood is taken back on purpose, with the data that was saved before it, and made again', async () => {
  const before = await dump();
  rmSync(join(folder, 'config'), { recursive: true });
  await bringUp();
  const after = await dump();
  expect(after).not.toBe(before);
  const back = (restoreData: boolean) => backToFirst(folder, restoreData);
  await expect(back(false)).rejects.toMatchObject({ code: 'KLG-512' });
  await back(true);
  expect(await dump()).toBe(before);
  expect((await status(folder)).workloads.every(({ state }) => state === 'healthy')).toBe(true);
  await bringUp();
  expect(await dump()).toBe(after);
});
