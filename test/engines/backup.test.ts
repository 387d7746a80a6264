import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { backup, bringIn, bringOut, dropBackups, listBackups } from '../../src/operate/backup.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { recover } from '../../src/operate/recover.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { scratch } from '../support/folders.ts';
import { putBack } from './restored.ts';

/* Backup, restore and recovery of a real MariaDB under a real Keystone. */

const name = 'kollage-backup';
const address = '127.0.0.43';
const folder = join(scratch(), 'deployment');
const out = scratch();
const keystone = `http://${address}:35100/v3`;
const never = new AbortController().signal;
const silent = { emit: () => undefined, signal: never };

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'kollage.yaml'),
    `name: ${name}
profile: identity
address: ${address}
services:
  mariadb: { options: { port: 33317 } }
  memcached: { options: { port: 31312 } }
  keystone: { options: { port: 35100, processes: 1 } }
`,
  );
  writeFileSync(join(folder, 'passwords.yml'), '');
  await ensureSecrets(folder);
  await bringUp();
});

afterAll(async () => {
  await destroy(folder, { data: false });
});

function bringUp(): Promise<number | null> {
  return up({ folder, ...silent, planned: () => undefined });
}

async function makeBackup(keep?: number): Promise<string> {
  const [done] = await backup({ folder, services: ['mariadb'], keep, planned: () => undefined, ...silent });
  return done?.made.id ?? '';
}

function bringBack(id: string, options: { signal?: AbortSignal; emit?: (event: KollageEvent) => void } = {}) {
  return putBack(folder, id, { ...silent, ...options });
}

async function session(): Promise<{ 'x-auth-token': string; 'content-type': string }> {
  const { values } = await readPasswords(openDeployment(folder));
  const password = values.get('keystone_admin_password')?.reveal();
  const user = { name: 'admin', domain: { id: 'default' }, password };
  const scope = { project: { name: 'admin', domain: { id: 'default' } } };
  const answer = await fetch(`${keystone}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } }),
  });
  expect(answer.status).toBe(201);
  return { 'x-auth-token': answer.headers.get('x-subject-token') ?? '', 'content-type': 'application/json' };
}

async function makeProject(project: string): Promise<void> {
  const body = JSON.stringify({ project: { name: project, domain_id: 'default' } });
  const answer = await fetch(`${keystone}/projects`, { method: 'POST', headers: await session(), body });
  expect(answer.status).toBe(201);
}

async function projects(): Promise<string[]> {
  const answer = await (await fetch(`${keystone}/projects`, { headers: await session() })).json();
  const found = z.object({ projects: z.array(z.object({ name: z.string() })) }).parse(answer);
  return found.projects.map((project) => project.name).sort();
}

function docker(...words: string[]): string {
  return execFileSync('docker', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Does something with the files of the volumes, as root. */
function inVolumes(script: string): string {
  const volumes = ['-v', `${name}-mariadb-data:/data`, '-v', `${name}-mariadb-backups:/backups`];
  const how = ['--rm', '--user', '0', '--network', 'none', ...volumes, '--entrypoint', 'sh'];
  return docker('run', ...how, 'kollage/mariadb-server:2025.1', '-c', script);
}

async function sql(statement: string): Promise<string> {
  const { values } = await readPasswords(openDeployment(folder));
  const env = { ...process.env, MYSQL_PWD: values.get('database_password')?.reveal() };
  const client = ['mariadb', '-N', '-h', address, '-P', '33317', '-u', 'root', '-e', statement];
  const words = ['exec', '-e', 'MYSQL_PWD', `${name}-mariadb-server`, ...client];
  return (await promisify(execFile)('docker', words, { encoding: 'utf8', env })).stdout.trim();
}

async function healthy(): Promise<void> {
  const { workloads, unfinished } = await vi.waitFor(
    async () => {
      const now = await status(folder);
      // Each probe has five seconds, which a busy machine may not give it.
      expect(now.workloads.filter(({ state }) => state === 'unhealthy')).toEqual([]);
      return now;
    },
    { timeout: 120_000, interval: 500 },
  );
  expect(unfinished).toBe(false);
  expect(workloads.map(({ workload, state }) => [workload, state])).toEqual([
    ['keystone/api', 'healthy'],
    ['mariadb/server', 'healthy'],
    ['memcached/server', 'healthy'],
  ]);
  // Nothing is left of what was kept meanwhile.
  expect(inVolumes('ls -A /data/.kollage 2>/dev/null || true')).toBe('');
}

let good = '';

test('a project made after the backup is gone after the restore, one made before is there, and Keystone issues tokens', async () => {
  await makeProject('before');
  good = await makeBackup();
  const [made] = (await listBackups(folder, [])).get('mariadb') ?? [];
  expect(made).toMatchObject({
    id: good,
    deployment: name,
    service: 'mariadb',
    release: '2025.1',
    revision: 1,
  });
  expect(made).toMatchObject({ facts: { server: expect.stringMatching(/^MariaDB 1\d\.\d+\.\d+$/) } });
  await makeProject('after');
  expect(await bringBack(good)).toBe(2);
  expect(await projects()).toEqual(['admin', 'before']);
  await healthy();
  expect(await bringUp()).toBeNull();
});

test('what is written while it is copied does not make it half of anything', async () => {
  await sql('CREATE DATABASE counted; CREATE TABLE counted.pairs (a INT, b INT)');
  let done = false;
  const writing = (async () => {
    for (let n = 1; !done; n++) await sql(`INSERT INTO counted.pairs VALUES (${n}, ${n}), (${n}, -${n})`);
  })();
  const id = await makeBackup();
  done = true;
  await writing;
  const after = Number(await sql('SELECT COUNT(*) FROM counted.pairs'));
  await bringBack(id);
  const [rows, sum] = (await sql('SELECT COUNT(*), SUM(b) FROM counted.pairs')).split('\t').map(Number);
  expect(rows).toBeLessThanOrEqual(after);
  expect([(rows ?? 1) % 2, sum]).toEqual([0, 0]);
  await dropBackups(folder, [id]);
});

test('it goes out into a file that only its owner may read, and comes in again, whole or not at all', async () => {
  const file = await bringOut(folder, 'latest', out, never);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await dropBackups(folder, [good]);
  expect((await listBackups(folder, [])).get('mariadb')).toEqual([]);
  const short = join(out, 'short.tar');
  copyFileSync(file, short);
  truncateSync(short, statSync(file).size - 100_000);
  await expect(bringIn(folder, [], short, never)).rejects.toMatchObject({ code: 'KLG-551' });
  for (const none of [join(out, 'none'), out]) {
    await expect(bringIn(folder, [], none, never)).rejects.toMatchObject({ code: 'KLG-108' });
    // What read it has ended: it would be in the way of the next.
    expect(docker('ps', '-q', '--filter', 'label=io.kollage.key=tool:mariadb/backups')).toBe('');
  }
  expect((await bringIn(folder, ['mariadb'], file, never)).id).toBe(good);
  await expect(bringOut(folder, good, out, never)).rejects.toMatchObject({ code: 'KLG-903' });
});

describe('what is refused before anything is touched', () => {
  const place = () => `/backups/${good}`;
  const damages: [string, () => string, RegExp][] = [
    [
      'a byte that changed',
      () => `printf x | dd of=${place()}/data.mbstream.gz bs=1 seek=500 conv=notrunc`,
      /checksum/,
    ],
    ['one that was cut off', () => `truncate -s 1000 ${place()}/data.mbstream.gz`, /1000 of \d+ bytes/],
    [
      'another deployment',
      () => `sed -i 's/"deployment": "[^"]*"/"deployment": "other"/' ${place()}/manifest.json`,
      /the deployment other/,
    ],
    [
      'another release',
      () => `sed -i 's/"release": "[^"]*"/"release": "2026.2"/' ${place()}/manifest.json`,
      /made with release 2026.2/,
    ],
    ['no manifest', () => `rm ${place()}/manifest.json`, /no manifest/],
    [
      'a newer server',
      () =>
        `cd ${place()} && printf 99.1.1 > version && python3 -c "import json,hashlib; m=json.load(open('manifest.json')); ` +
        `[f.update(size=7, sha256=hashlib.sha256(b'99.1.1').hexdigest()) for f in m['files'] if f['name']=='version']; ` +
        `[f.update(size=6) for f in m['files'] if f['name']=='version']; json.dump(m, open('manifest.json','w'))"`,
      /MariaDB 99\.1\.1/,
    ],
  ];

  test.each(damages)('%s', async (_, damage, why) => {
    inVolumes(`cp -a ${place()} /backups/.kept`);
    const containers = docker('ps', '-q', '--no-trunc', '--filter', `label=io.kollage.deployment=${name}`);
    try {
      inVolumes(damage());
      await expect(bringBack(good)).rejects.toMatchObject({
        code: 'KLG-551',
        message: expect.stringMatching(why),
      });
    } finally {
      inVolumes(`rm -rf ${place()} && mv /backups/.kept ${place()}`);
    }
    expect(docker('ps', '-q', '--no-trunc', '--filter', `label=io.kollage.deployment=${name}`)).toBe(
      containers,
    );
    await healthy();
  });

  test('a name that no backup has, and a service that keeps none', async () => {
    await expect(bringBack('mariadb-1')).rejects.toMatchObject({ code: 'KLG-105' });
    const request = { folder, services: ['keystone'], planned: () => undefined, ...silent };
    await expect(backup(request)).rejects.toMatchObject({ code: 'KLG-105' });
  });
});

test('so many are kept', async () => {
  const second = await makeBackup();
  const third = await makeBackup(2);
  const list = (await listBackups(folder, [])).get('mariadb') ?? [];
  expect(list.map(({ id }) => id)).toEqual([second, third]);
  good = third;
});

describe('interrupted', () => {
  test.each(['switch', 'started'] as const)('at %s, the same command goes on', async (at) => {
    await makeProject(`interrupted-${at}`);
    const stop = new AbortController();
    const emit = (event: KollageEvent) => {
      if (!('key' in event)) return;
      if (at === 'switch' && event.key === 'task:mariadb/switch' && event.type === 'change-started')
        stop.abort();
      if (at === 'started' && event.key === 'workload:mariadb/server' && event.type === 'started')
        stop.abort();
    };
    await expect(bringBack(good, { signal: stop.signal, emit })).rejects.toMatchObject({ code: 'KLG-506' });
    // What is kept for going back must not be taken away by others.
    await expect(makeBackup()).rejects.toMatchObject({ code: 'KLG-553' });
    await bringBack(good);
    expect(await projects()).not.toContain(`interrupted-${at}`);
    await healthy();
  });
});

describe('recovery', () => {
  function bringToLife(force = false) {
    return recover({
      folder,
      service: 'mariadb',
      force,
      agreed: async () => undefined,
      follows: () => undefined,
      ...silent,
    });
  }

  test('what is healthy is left alone', async () => {
    await expect(bringToLife()).rejects.toMatchObject({ code: 'KLG-552' });
  });

  test('a broken log of two-phase commits: nothing is lost', async () => {
    await makeProject('kept');
    docker('kill', `${name}-mariadb-server`);
    docker('stop', `${name}-mariadb-server`);
    inVolumes(
      'echo broken > /data/tc.log; dd if=/dev/urandom of=/data/aria_log_control bs=1 count=52 conv=notrunc',
    );
    expect((await bringToLife()).lost).toHaveLength(1);
    expect(await projects()).toContain('kept');
    await makeBackup();
    await healthy();
  });

  test('a damaged table: what can be had is there, and what is lost is named', async () => {
    await makeProject('rescued');
    await sql(
      'CREATE DATABASE big; CREATE TABLE big.rows (id INT PRIMARY KEY, filled CHAR(200)); ' +
        "INSERT INTO big.rows SELECT seq, REPEAT('x', 200) FROM mysql.seq_1_to_20000; " +
        "CREATE USER 'mine'@'%' IDENTIFIED BY 'secret'",
    );
    docker('stop', `${name}-mariadb-server`);
    inVolumes('dd if=/dev/urandom of=/data/big/rows.ibd bs=16384 seek=150 count=4 conv=notrunc');
    // The server would start, and end when somebody reads the page.
    const { lost } = await bringToLife();
    expect(lost.join('\n')).toMatch(/of big\.rows all rows but the first \d+/);
    expect(await projects()).toContain('rescued');
    const rows = Number(await sql('SELECT COUNT(*) FROM big.rows'));
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(20_000);
    expect(await sql("SELECT COUNT(*) FROM mysql.global_priv WHERE user = 'mine'")).toBe('1');
    // The old files are there until the next backup.
    expect(inVolumes('ls /data/.kollage')).toMatch(/^before-/);
    await makeBackup();
    await healthy();
  });

  test('a damaged undo log, with which no server starts: the tables are there', async () => {
    docker('stop', `${name}-mariadb-server`);
    inVolumes('dd if=/dev/urandom of=/data/undo001 bs=16384 seek=3 count=2 conv=notrunc');
    const { lost } = await bringToLife();
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.join('\n')).not.toContain('rows but the first');
    expect(await projects()).toContain('rescued');
  });

  test('while another change is unfinished, which goes on afterwards', async () => {
    mkdirSync(join(folder, 'config'), { recursive: true });
    writeFileSync(join(folder, 'config', 'keystone.conf'), '[token]\nexpiration = 7200\n');
    const stop = new AbortController();
    const emit = (event: KollageEvent) => {
      if ('key' in event && event.key === 'workload:keystone/api' && event.type === 'change-started')
        stop.abort();
    };
    const interrupted = up({ folder, emit, planned: () => undefined, signal: stop.signal });
    await expect(interrupted).rejects.toMatchObject({ code: 'KLG-506' });
    docker('stop', `${name}-mariadb-server`);
    inVolumes(
      'echo broken > /data/tc.log; dd if=/dev/urandom of=/data/aria_log_control bs=1 count=52 conv=notrunc',
    );
    const { revision, unfinished } = await bringToLife();
    expect([revision, unfinished]).toEqual([null, expect.any(Number)]);
    expect(await bringUp()).toBe(unfinished);
    await makeBackup();
    await healthy();
    expect(await projects()).toContain('rescued');
    expect(docker('exec', `${name}-keystone-api`, 'cat', '/etc/keystone/keystone.conf')).toMatch(
      /^expiration = 7200$/m,
    );
  });
});

test('no secret is told', async () => {
  const { values } = await readPasswords(openDeployment(folder));
  const told: KollageEvent[] = [];
  await backup({
    folder,
    services: [],
    planned: () => undefined,
    emit: (event) => void told.push(event),
    signal: never,
  });
  for (const value of values.values()) expect(JSON.stringify(told)).not.toContain(value.reveal());
  expect(readFileSync(join(folder, 'passwords.yml'), 'utf8')).not.toBe('');
});
