import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Mustache from 'mustache';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { appSchema } from '../../test/marathon/schema.ts';
import { appViolations } from '../../test/marathon/validate.ts';
import { complaints, folderWith, scratch } from '../../test/support/folders.ts';
import { packageDeployment } from './package.ts';
import { ensureSecrets } from './secrets.ts';

/* What a Universe takes (mesosphere/universe, repo/meta/schema and scripts/validate_packages.py), written anew. */

const uri = z.url({ protocol: /^https?$/ });
const packageSchema = z.strictObject({
  packagingVersion: z.literal('4.0'),
  name: z.string().regex(/^[a-z][a-z0-9-]*[a-z0-9]$/),
  version: z.string().regex(/^[-a-zA-Z0-9.]+$/),
  scm: z.string().optional(),
  maintainer: z.string(),
  website: z.string().optional(),
  description: z.string(),
  framework: z.boolean().optional(),
  upgradesFrom: z.array(z.string()),
  downgradesTo: z.array(z.string()),
  preInstallNotes: z.string().optional(),
  postInstallNotes: z.string().optional(),
  postUninstallNotes: z.string().optional(),
  tags: z.array(z.string().regex(/^\S+$/)),
  selected: z.boolean().optional(),
  licenses: z.array(z.strictObject({ name: z.string(), url: uri })).optional(),
  minDcosReleaseVersion: z.string().regex(/^(0|[1-9]\d*)(\.(0|[1-9]\d*))*$/),
});
const resourceSchema = z.strictObject({
  assets: z
    .strictObject({
      uris: z.record(z.string(), z.string()).optional(),
      container: z.strictObject({ docker: z.record(z.string(), z.string()).optional() }).optional(),
    })
    .optional(),
});
const option = z.looseObject({
  type: z.enum(['object', 'string', 'number', 'integer', 'boolean']),
  description: z.string(),
  default: z.union([z.string(), z.number(), z.boolean()]),
  pattern: z.string().optional(),
});
const configSchema = z.object({
  type: z.literal('object'),
  properties: z.record(z.string(), z.object({ properties: z.record(z.string(), option) })),
  required: z.array(z.string()),
});
/* repo/meta/schema/v4-repo-schema.json and vX-repo-definitions.json */
const repositorySchema = z.strictObject({
  packages: z
    .array(
      packageSchema.extend({
        releaseVersion: z.int().min(0),
        marathon: z.strictObject({ v2AppMustacheTemplate: z.base64().min(4) }),
        resource: resourceSchema,
        config: z.unknown(),
      }),
    )
    .length(1),
});
type Options = Record<string, Record<string, string | number | boolean>>;

const root = scratch();
const settings =
  'name: mycloud\nprofile: identity\nengine: { type: dcos, zookeeper: "zk-1.zk:2181" }\nnodes:\n  "a[1:3]": { roles: [controller, network, storage, compute] }\n';
const made = join(root, 'package');
const folder = join(root, 'deployment');
const request = { folder, image: 'registry.example.org/kollage:1', maintainer: 'ops@example.org' };
const identity = () => readFileSync(join(root, 'key'), 'utf8');

beforeAll(async () => {
  process.env['XDG_CONFIG_HOME'] = join(root, 'settings');
  mkdirSync(join(folder, 'config'), { recursive: true });
  writeFileSync(join(folder, 'kollage.yaml'), settings);
  writeFileSync(join(folder, 'config/keystone.conf'), '[DEFAULT]\ndebug = true\n# é {{ release }}\n');
  const { key } = await ensureSecrets(folder);
  writeFileSync(join(root, 'key'), readFileSync(key?.file ?? ''));
  await packageDeployment({ ...request, output: made });
});

const read = (name: string) => readFileSync(join(made, name), 'utf8');

/** As Cosmos makes an app of a package: the defaults, over them what the user says, over these the resources. */
function render(chosen: Options = {}): unknown {
  const { properties } = configSchema.parse(JSON.parse(read('config.json')));
  const options = Object.fromEntries(
    Object.entries(properties).map(([group, { properties }]) => [
      group,
      {
        ...Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, one.default])),
        ...chosen[group],
      },
    ]),
  );
  const view = { ...options, resource: JSON.parse(read('resource.json')) };
  return JSON.parse(Mustache.render(read('marathon.json.mustache'), view));
}

const app = (chosen?: Options) => appSchema.parse(render(chosen));

describe('a package', () => {
  test("is what the Universe's schemas take, in ASCII", () => {
    expect(readdirSync(made).sort()).toEqual([
      'config.json',
      'marathon.json.mustache',
      'package.json',
      'repository.json',
      'resource.json',
    ]);
    const about = packageSchema.parse(JSON.parse(read('package.json')));
    expect(about.name).toBe('kollage-mycloud');
    expect(about.version).toMatch(/^2025\.1-[0-9a-f]{12}$/);
    expect(about.description).toMatch(/mycloud 2025\.1: [1-9]\d* apps and [1-9]\d* one-time tasks/);
    expect(about.preInstallNotes).toMatch(
      /needs \d+(\.\d)? processors and \d+ MB.*kollage_roles with .*controller/,
    );
    resourceSchema.parse(JSON.parse(read('resource.json')));
    for (const name of readdirSync(made)) {
      expect(read(name), name).toMatch(/^[\n -~]*$/);
      expect(JSON.stringify(read(name)), name).not.toMatch(/\\u[0-9a-f]{4}/i);
    }
  });

  test('is also a repository of its own, with the very same parts', () => {
    const [one] = repositorySchema.parse(JSON.parse(read('repository.json'))).packages;
    const { marathon, config, resource, releaseVersion, ...about } = one ?? {};
    expect(about).toEqual(JSON.parse(read('package.json')));
    expect(config).toEqual(JSON.parse(read('config.json')));
    expect(resource).toEqual(JSON.parse(read('resource.json')));
    expect(Buffer.from(marathon?.v2AppMustacheTemplate ?? '', 'base64').toString()).toBe(
      read('marathon.json.mustache'),
    );
    expect(releaseVersion).toBe(0);
  });

  test('with no option chosen, is an app that Marathon takes, with the key from the secret store', () => {
    const it = app();
    expect(appViolations(it)).toEqual([]);
    expect(it).toMatchObject({
      id: 'kollage-mycloud',
      cpus: 0.5,
      mem: 1024,
      container: { docker: { image: 'registry.example.org/kollage:1' } },
      secrets: { ageKey: { source: 'kollage-mycloud/age-key' } },
      env: { KOLLAGE_AGE_KEY: { secret: 'ageKey' } },
    });
  });

  test.each<[string, Options, object]>([
    [
      'a service account',
      { service: { service_account: 'me', service_account_secret: 'kollage/account' } },
      {
        secrets: {
          ageKey: { source: 'kollage-mycloud/age-key' },
          serviceCredential: { source: 'kollage/account' },
        },
        env: {
          DCOS_SERVICE_ACCOUNT: 'me',
          DCOS_SERVICE_ACCOUNT_CREDENTIAL: { secret: 'serviceCredential' },
        },
      },
    ],
    [
      'a key and an account',
      { service: { service_account_secret: 'kollage/account' }, deployment: { key: 'AGE-SECRET-KEY-1X' } },
      {
        secrets: { serviceCredential: { source: 'kollage/account' } },
        env: { KOLLAGE_AGE_KEY: 'AGE-SECRET-KEY-1X' },
      },
    ],
    [
      'a place, an image and resources',
      {
        service: { name: 'ops/kollage', image: 'other/image:2', cpus: 2, mem: 2048 },
        deployment: { retry: true, every: 60 },
      },
      {
        id: 'ops/kollage',
        cpus: 2,
        mem: 2048,
        container: { docker: { image: 'other/image:2' } },
        env: { KOLLAGE_RETRY: '--retry', KOLLAGE_EVERY: '60' },
      },
    ],
  ])('with %s', (_, chosen, expected) => {
    const it = app(chosen);
    expect(appViolations(it)).toEqual([]);
    expect(it).toMatchObject(expected);
    expect(it.secrets).toEqual(Object(expected).secrets ?? it.secrets);
  });

  test('does not let the app be in the group that it deploys, which would take it away', () => {
    const { properties } = configSchema.parse(JSON.parse(read('config.json')));
    const pattern = new RegExp(properties['service']?.properties['name']?.pattern ?? '');
    expect(
      ['kollage-mycloud', '/ops/kollage', 'mycloud-2', 'ops/mycloud'].filter((id) => !pattern.test(id)),
    ).toEqual([]);
    expect(['mycloud', '/mycloud', '/mycloud/kollage', 'a//b', 'A'].filter((id) => pattern.test(id))).toEqual(
      [],
    );
  });

  test('is the same for the same folder, and holds no secret', async () => {
    await packageDeployment({ ...request, output: join(root, 'again') });
    for (const name of readdirSync(made))
      expect(readFileSync(join(root, 'again', name), 'utf8'), name).toBe(read(name));
    const tar = execFileSync('sh', ['-c', 'base64 -d | gzip -dc'], {
      input: String(app().env?.['KOLLAGE_PACKAGED']),
    }).toString();
    expect(tar).toContain('BEGIN AGE ENCRYPTED FILE');
    expect(tar).not.toContain(identity().match(/AGE-SECRET-KEY-\S+/)?.[0]);
  });
});

/** Runs the app's command where a program of the name of Kollage tells what it is called with, and for how long it is to run. */
function run(kollage: string) {
  const bin = join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'kollage'), `#!/bin/sh\n${kollage}\n`);
  chmodSync(join(bin, 'kollage'), 0o755);
  const it = app({ deployment: { key: identity().match(/AGE-SECRET-KEY-\S+/)?.[0] ?? '' } });
  const env = { ...it.env, PATH: `${bin}:${process.env['PATH']}` } as Record<string, string>;
  return spawn('/bin/sh', ['-c', it.cmd ?? ''], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('its command', () => {
  const tell = 'printf "%s|" "$@"; echo';

  test('brings up the very folder with its key, for its owner alone, then watches over it, and leaves nothing', async () => {
    const copy = join(root, 'copy');
    const child = run(
      `${tell}\n[ "$1" = serve ] || { cp -rp "$3" ${copy}; stat -c %a "$3" "$3/.kollage/age.key"; }; env | grep -c ^KOLLAGE_AGE_KEY= || :`,
    );
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    expect(await once(child, 'close')).toEqual([0, null]);
    const [, where = ''] = /^up\|--folder\|([^|]+)\|/.exec(lines[0] ?? '') ?? [];
    expect(lines).toEqual([
      expect.stringMatching(
        /^up\|--folder\|[^|]+\|--yes\|--message\|kollage-mycloud 2025\.1-[0-9a-f]{12}\|$/,
      ),
      '700',
      '600',
      '0',
      `serve|--folder|${where}|--every|5|`,
      '0',
    ]);
    expect(existsSync(where)).toBe(false);
    expect(readFileSync(join(copy, 'config/keystone.conf'), 'utf8')).toContain('# é {{ release }}');
    expect(execFileSync('diff', ['-r', folder, copy, '-x', '.kollage', '-x', '.gitignore']).toString()).toBe(
      '',
    );
    const secrets = join(copy, '.kollage/age.key');
    expect(identity()).toContain(readFileSync(secrets, 'utf8').trim());
  });

  test('ends as the run that failed did, and watches over nothing', async () => {
    const child = run(`${tell}; exit 1`);
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(lines).toHaveLength(1);
  });

  test('hands a signal on and waits for the end, whatever was being done', async () => {
    const child = run("trap 'echo told; exit 0' TERM; echo ready; while :; do sleep 0.05; done");
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      if (line === 'ready') child.kill('SIGTERM');
    });
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(lines).toEqual(['ready', 'told']);
  });
});

describe('what cannot be packaged', () => {
  const output = join(root, 'none');
  const write = (text: string, more: Record<string, string> = {}) =>
    folderWith({ 'kollage.yaml': text, ...more });
  const refused = (path: string, changed: Partial<typeof request> = {}) =>
    complaints(() => packageDeployment({ ...request, folder: path, output, ...changed }), path);
  const names = ['database_password', 'keystone_database_password', 'keystone_admin_password'];

  test('is refused before anything is written', async () => {
    expect(await refused(write('name: a\nprofile: identity\n'))).toEqual([
      expect.stringContaining('KLG-210'),
    ]);
    const plain = names.map((name) => `${name}: hunter2-${name}\n`).join('');
    expect(await refused(write(settings, { 'passwords.yml': plain }))).toEqual([
      expect.stringMatching(/^KLG-113 .*passwords\.yml holds secrets in clear text/),
    ]);
    expect(await refused(folder, { maintainer: 'Zoë' })).toEqual([expect.stringMatching(/^KLG-901 .*ASCII/)]);
    expect(await refused(folder, { image: 'a b' })).toEqual([expect.stringMatching(/^KLG-901 .*image/)]);
    expect(existsSync(output)).toBe(false);
  });

  test('a secret in another file, by its name; a catalog elsewhere; too much', async () => {
    const { readPasswords } = await import('../load/passwords.ts');
    const { openDeployment } = await import('../load/deployment.ts');
    const { values } = await readPasswords(openDeployment(folder));
    const secret = values.get('keystone_admin_password')?.reveal() ?? '';
    const all = { 'passwords.yml': readFileSync(join(folder, 'passwords.yml'), 'utf8') };
    const shown = await refused(write(settings, { ...all, 'notes.txt': `it is ${secret}\n` }));
    expect(shown).toEqual([
      expect.stringMatching(/^KLG-113 .*notes\.txt holds the secret keystone_admin_password in clear text$/),
    ]);
    expect(shown.join('')).not.toContain(secret);
    const beside = folderWith({
      'cat/catalog.yaml': 'catalog: more\ntitle: More\n',
      'mine/kollage.yaml': `${settings}catalog: [openstack, ../cat]\n`,
      'mine/passwords.yml': all['passwords.yml'],
    });
    expect(await refused(join(beside, 'mine'))).toEqual([
      expect.stringMatching(/^KLG-113 .*kollage\.yaml:6:.* \.\.\/cat lies outside of the folder/),
    ]);
    let text = 'x';
    for (let n = 0; n < 60_000; n++) text += `${(n * 2654435761) % 4294967296}`;
    expect(await refused(write(settings, { ...all, 'noise.txt': text }))).toEqual([
      expect.stringMatching(/^KLG-113 .*too large for a package: \d{3} KiB/),
    ]);
    expect(existsSync(output)).toBe(false);
  });
});
