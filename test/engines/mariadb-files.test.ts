import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { up } from '../../src/operate/up.ts';
import { backToFirst } from '../support/back.ts';
import { derivedImage } from '../support/derived-image.ts';
import { evidence } from '../support/evidence.ts';
import { scratch } from '../support/folders.ts';
import { haveImages } from '../support/images.ts';
import { dump } from '../takeback/data.ts';

/* That MariaDB goes back to an older version with its own files, which a newer one has written on: Zed's 10.11 and 2025.1's 11.8. */

const name = 'kollage-files';
const address = '127.0.0.62';
const folder = join(scratch(), 'deployment');
const password = `database_password-${name}`;

beforeAll(async () => {
  await haveImages('zed', 'mariadb-server');
  mkdirSync(folder, { recursive: true });
  const secrets = { database_password: password, kollage_fingerprint_key: 'key' };
  writeFileSync(join(folder, 'passwords.yml'), JSON.stringify(secrets), { mode: 0o600 });
  configure('kollage/mariadb-server:zed');
  await bringUp();
  sql('CREATE DATABASE shop; CREATE TABLE shop.sold (what VARCHAR(20) PRIMARY KEY)');
  sql("INSERT INTO shop.sold VALUES ('a pen')");
});

afterAll(() => destroy(folder, { data: false }));

function configure(image: string, more = ''): void {
  writeFileSync(
    join(folder, 'kollage.yaml'),
    `name: ${name}
profile: identity
address: ${address}
services: { keystone: false, memcached: false }
images: { overrides: { mariadb-server: "${image}" } }
${more}`,
  );
}

async function bringUp(retry = false, emit: (event: KollageEvent) => void = () => undefined): Promise<void> {
  const signal = new AbortController().signal;
  await up({ folder, emit, planned: () => undefined, signal, retry });
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

function sql(text: string): string {
  const env = { ...process.env, MYSQL_PWD: password };
  const client = ['mariadb', '-h', address, '-u', 'root', '--batch', '--skip-column-names', '-e', text];
  const words = ['exec', '-e', 'MYSQL_PWD', `${name}-mariadb-server`, ...client];
  return execFileSync('docker', words, { encoding: 'utf8', env }).trim();
}

const version = () => sql('SELECT version()').split('-')[0];
const sold = () => sql('SELECT what FROM shop.sold ORDER BY what').split('\n');
const everything = async () => ({ ...evidence(name), databases: await dump(folder, name, address) });
/** A check that sells something and then says no. */
const sells = `checks:
  - command: docker exec -e MYSQL_PWD=${password} ${name}-mariadb-server mariadb -h ${address} -u root -e "INSERT INTO shop.sold VALUES ('a book')" && false
`;

test('a newer server that ran, and brought its tables to its version, leaves nothing behind when the change fails', async () => {
  const before = await everything();
  expect(version()).toMatch(/^10\.11\./);
  configure('kollage/mariadb-server:2025.1', sells);
  await expect(bringUp()).rejects.toMatchObject({ code: 'KLG-513' });
  expect(await everything()).toEqual(before);
  expect(sold()).toEqual(['a pen']);
});

test('another build of the same version leaves what users wrote meanwhile', async () => {
  configure(derivedImage('kollage/mariadb-server:zed', `${name}/mariadb-server:again`, {}), sells);
  await expect(bringUp()).rejects.toMatchObject({ code: 'KLG-513' });
  expect(version()).toMatch(/^10\.11\./);
  expect(sold()).toEqual(['a book', 'a pen']);
  sql("DELETE FROM shop.sold WHERE what = 'a book'");
});

test('killed while the files are put back, and between the removal of some and the other, the next run ends it', async () => {
  const before = await everything();
  configure('kollage/mariadb-server:2025.1', sells);
  let killed: Promise<void> | undefined;
  const kill = (event: KollageEvent) => {
    if (event.type === 'change-started' && event.key === 'task:mariadb/restore')
      killed = vi.waitFor(() => void docker('kill', `${name}-mariadb-restore`), {
        interval: 20,
        timeout: 60_000,
      });
  };
  await expect(bringUp(true, kill)).rejects.toMatchObject({ code: 'KLG-510' });
  await killed;
  const data = docker('volume', 'inspect', '--format', '{{.Mountpoint}}', `${name}-mariadb-data`);
  mkdirSync(join(data, '.saved'), { recursive: true });
  for (const gone of ['mysql', 'shop', 'ibdata1']) rmSync(join(data, gone), { recursive: true });
  configure('kollage/mariadb-server:zed');
  await bringUp();
  expect(await everything()).toEqual(before);
});

test('one that stood is taken back on purpose, with all that it had then; and forward it goes again', async () => {
  const before = await everything();
  configure('kollage/mariadb-server:2025.1');
  await bringUp(true);
  expect(version()).toMatch(/^11\./);
  sql("INSERT INTO shop.sold VALUES ('a lamp')");
  const back = (restoreData: boolean) => backToFirst(folder, restoreData);
  await expect(back(false)).rejects.toMatchObject({ code: 'KLG-512' });
  await back(true);
  expect(await everything()).toEqual(before);
  await bringUp();
  expect(version()).toMatch(/^11\./);
  expect(sold()).toEqual(['a pen']);
});
