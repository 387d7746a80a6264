import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { mark } from '../fuzz/law.ts';
import { scratch } from '../support/folders.ts';
import { binary, kollage, shop } from './kollage.ts';

/* The commands on a folder, each as a person runs it: plan, render, graph, init and secrets. */

const root = scratch();
const folder = join(root, 'shop');
const saved = join(root, 'saved.json');
const env = { XDG_CONFIG_HOME: join(root, 'settings') };

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(shop, folder, { recursive: true });
});

const on = (...args: string[]) => kollage(args, { cwd: folder, env });
const change = (path: string, from: string, to: string) => {
  const text = readFileSync(join(folder, path), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(folder, path), text.replace(from, to));
};

describe('plan', () => {
  test('2 where there is something to do, 0 where there is not, and what changed with its reason', async () => {
    const first = await on('plan', '--save', saved);
    expect([first.code, first.stdout]).toEqual([
      2,
      expect.stringContaining('3 components to create, 2 tasks to run'),
    ]);
    expect(readFileSync(saved, 'utf8')).not.toContain(mark);
    const again = await on('plan', '--against', saved);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Nothing to do')]);
    change('kollage.yaml', 'greeting: "hello, world"', 'greeting: "good morning"');
    const { code, stdout } = await on('plan', '--against', saved);
    expect(code).toBe(2);
    expect(stdout).toContain('-hello, world\n');
    expect(stdout).toContain('+good morning\n');
    expect(stdout).toMatch(/web\n.*api {2}restarts/);
    expect(stdout).not.toMatch(/^db$/m);
  });

  test("1 where something stands against it, which is told; the state is saved all the same: it is the folder's", async () => {
    const observed = join(root, 'observed.json');
    const listeners = [{ port: 8080, protocol: 'tcp', address: '0.0.0.0', process: 'nginx' }];
    writeFileSync(observed, JSON.stringify({ nodes: [{ name: 'node-01', listeners }] }));
    const kept = join(root, 'kept.json');
    const { code, stdout } = await on('plan', '--json', '--observed', observed, '--save', kept);
    const plan: { findings: { code: string; message: string }[] } = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ code: 'KLG-401', message: expect.stringContaining('nginx') }),
    );
    expect((await on('plan', '--against', kept)).code).toBe(0);
  });

  test('--json is one JSON text, the same each time', async () => {
    const [one, two] = await Promise.all([on('plan', '--json'), on('plan', '--json')]);
    expect(one.stdout).toBe(two.stdout);
    expect(JSON.parse(one.stdout)).toMatchObject({ deployment: 'shop', release: '2', base: null });
    expect(one.stdout + one.stderr).not.toContain(mark);
  });

  test.each([
    ['nothing there', null],
    ['no JSON', '{'],
    ['other JSON', '{"format":"kollage-state/1","desired":{"fingerprint":"x"}}'],
  ])('--against with %s is KLG-408', async (_, text) => {
    const file = join(root, 'other.json');
    rmSync(file, { force: true });
    if (text !== null) writeFileSync(file, text);
    for (const option of ['--against', '--observed']) {
      const { code, stdout, stderr } = await on('plan', option, file);
      expect([code, stdout, stderr.split(' ')[0]]).toEqual([1, '', 'error[KLG-408]']);
    }
  });

  test('nothing is saved of a folder that has a mistake', async () => {
    writeFileSync(join(folder, 'passwords.yml'), '');
    const unsaved = join(root, 'unsaved.json');
    const { code, stdout } = await on('plan', '--save', unsaved);
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('error[KLG-120] the secret db_password is missing'),
    ]);
    expect(readdirSync(root)).not.toContain('unsaved.json');
  });

  test('--save where nothing can be written is KLG-903', async () => {
    const { code, stderr } = await on('plan', '--save', join(root, 'no', 'such', 'folder'));
    expect([code, stderr.split(' ')[0]]).toEqual([1, 'error[KLG-903]']);
  });

  test('a reader that goes away ends it without a word', async () => {
    const child = spawn('sh', ['-c', `"${binary}" render | head -n 1`], {
      cwd: folder,
      env: { ...env, PATH: process.env['PATH'] },
    });
    let told = '';
    child.stderr.on('data', (chunk) => (told += String(chunk)));
    await once(child, 'close');
    expect(told).not.toMatch(/EPIPE|KLG-9|\n +at /);
  });
});

describe('render', () => {
  test('prints the files of what is named, with tokens for secrets', async () => {
    const { code, stdout } = await on('render', 'web/api');
    expect(code).toBe(0);
    expect(stdout).toContain('# web/api/web.conf -> /etc/web/web.conf\n[DEFAULT]\n');
    expect(stdout).toContain('key = @{secret.web_key}\n');
    expect(stdout).not.toContain('db/server');
    expect(stdout).not.toContain(mark);
  });

  test('an unknown name is KLG-105 with the nearest', async () => {
    const { code, stderr } = await on('render', 'web/apy');
    expect([code, stderr.split('\n')[0]]).toEqual([1, expect.stringContaining('did you mean web/api?')]);
  });

  test('--output writes every file into a new folder, and into no other', async () => {
    const out = join(root, 'rendered');
    rmSync(out, { recursive: true, force: true });
    expect((await on('render', '-o', out)).code).toBe(0);
    const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.map(({ parentPath, name }) => join(parentPath, name).slice(out.length + 1)).sort()).toEqual([
      'db/server/config.json',
      'db/server/db.ini',
      'web/api/banner',
      'web/api/config.json',
      'web/api/limits.json',
      'web/api/policy.yaml',
      'web/api/web.conf',
      'web/create-database/create.sql',
      'web/migrate/config.json',
      'web/migrate/web.conf',
    ]);
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain(mark);
    const again = await on('render', '-o', out);
    expect([again.code, again.stderr.split(' ')[0]]).toEqual([1, 'error[KLG-112]']);
  });

  test('--json is the whole desired state', async () => {
    const { stdout } = await on('render', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      deployment: 'shop',
      engine: 'docker',
      fingerprint: expect.any(String),
    });
  });
});

describe('graph', () => {
  test.each([
    ['text', /^3 {2}web\/api .*<- web\/migrate/m],
    ['mermaid', /^flowchart LR\n/],
    ['dot', /^digraph /],
  ])('%s', async (format, expected) => {
    const { code, stdout } = await on('graph', '--format', format);
    expect(code).toBe(0);
    expect(stdout).toMatch(expected);
  });

  test('Graphviz reads the DOT text, where there is one', async ({ skip }) => {
    const dot = await promisify(execFile)('dot', ['-V']).then(
      () => true,
      () => false,
    );
    if (!dot) skip();
    const { stdout } = await on('graph', '--format', 'dot');
    expect(execFileSync('dot', ['-Tsvg'], { input: stdout, encoding: 'utf8' })).toContain('<svg');
  });
});

describe('secrets', () => {
  const shown = (name: string) => on('secrets', '--show', name).then(({ stdout }) => stdout);

  test('makes what is missing and keeps what is there', async () => {
    const before = await shown('web_key');
    change('passwords.yml', 'db_password: zq7XK41wvDatabase\n', '');
    const { code, stdout } = await on('secrets');
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'made db_password']);
    expect(await shown('web_key')).toBe(before);
    expect(stdout).not.toContain((await shown('db_password')).trim());
    expect((await on('secrets')).stdout).toMatch(/: 0 made, 5 kept/);
  });

  test('rotate, and the plan says who restarts and why, without any value', async () => {
    await on('plan', '--save', saved);
    const rotated = await on('secrets', '--rotate', 'web_key');
    const value = (await shown('web_key')).trim();
    expect([rotated.code, rotated.stdout.split('\n')[0]]).toEqual([0, 'made web_key']);
    const { code, stdout, stderr } = await on('plan', '--against', saved, '--verbose');
    expect(code).toBe(2);
    expect(stdout).toMatch(/api {2}restarts.*\n +the secret web_key was changed/);
    expect(stdout).not.toMatch(/server {2}restarts/);
    for (const text of [rotated.stdout, stdout, stderr]) {
      expect(text).not.toContain(value);
      expect(text).not.toContain(mark);
    }
  });

  test('an unknown name is KLG-122', async () => {
    const { code, stderr } = await on('secrets', '--rotate', 'web_kye');
    expect([code, stderr.split('\n')[0]]).toEqual([
      1,
      'error[KLG-122] there is no secret web_kye; did you mean web_key?',
    ]);
  });

  test('encrypted for someone else: KLG-121, and the file stays', async () => {
    expect((await on('secrets', '--encrypt')).code).toBe(0);
    const text = readFileSync(join(folder, 'passwords.yml'), 'utf8');
    expect(text).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
    expect((await on('plan')).code).toBe(2);
    for (const args of [['plan'], ['secrets'], ['secrets', '--list']]) {
      const { code, stdout, stderr } = await kollage(args, {
        cwd: folder,
        env: { XDG_CONFIG_HOME: join(root, 'nobody') },
      });
      expect([code, stdout, stderr.split(' ')[0]]).toEqual([1, '', 'error[KLG-121]']);
    }
    expect(readFileSync(join(folder, 'passwords.yml'), 'utf8')).toBe(text);
  });
});

test('init, then plan: a whole OpenStack out of nothing', async () => {
  const fresh = join(root, 'fresh');
  const made = await kollage(['init', fresh], { env });
  expect([made.code, made.stderr]).toEqual([0, '']);
  const plan = await kollage(['plan', '-f', fresh, '--json'], { env });
  const { changes, findings } = JSON.parse(plan.stdout);
  expect(changes.length).toBeGreaterThan(50);
  // What listens on this host, and what it has room for, is not the folder's fault.
  expect(findings.filter(({ code }: { code: string }) => !code.startsWith('KLG-4'))).toEqual([]);
  const again = await kollage(['init', fresh], { env });
  expect([again.code, again.stderr.split(' ')[0]]).toEqual([1, 'error[KLG-112]']);
});
