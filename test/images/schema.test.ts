import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { fillSecrets } from '../../src/config/fill.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import { everything } from '../catalog/everything.ts';
import { buildAll, release } from './kollage.ts';

/*
 * The dumps of schemas that images hold: loaded into an empty database by the catalog's own program, they are what the catalog's own commands
 * make of it.
 */

const port = 33_061;
const container = 'kollage-test-schema';
const { catalog, deployment } = everything(release);
const { desired } = compile({
  catalog,
  deployment: {
    ...deployment,
    address: '127.0.0.1',
    options: new Map([['mariadb.port', { value: port, place: { file: 'kollage.yaml' } }]]),
  },
  engine: engineTraits.docker,
});
const folder = mkdtempSync(join(tmpdir(), 'kollage-schema-'));

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Arguments that mount a bundle's files where the container wants them, secrets filled in. */
function mounted(id: string): string[] {
  const bundle = desired.resources.find((resource) => resource.kind === 'config' && resource.id === id);
  const place = join(folder, id);
  mkdirSync(place, { recursive: true });
  return (bundle?.kind === 'config' ? bundle.files : []).flatMap(({ name, path, content }) => {
    if (path === null) return [];
    const file = join(place, name);
    writeFileSync(file, fillSecrets(content, (secret) => secret).replaceAll('@{node.address}', '127.0.0.1'));
    chmodSync(file, 0o644);
    return ['--volume', `${file}:${path}:ro`];
  });
}

function taskOf(id: string) {
  const task = desired.resources.find((resource) => resource.kind === 'task' && resource.id === id);
  if (task?.kind !== 'task') throw new Error(`there is no task ${id}`);
  return task;
}

const login = ['--user=root', '--socket=/var/lib/mysql/mariadb.sock', '--password=database_password'];

/** Makes the service's databases anew, and its schemas in them with the catalog's task; gives what they are then. */
function schemas(service: string, options: readonly string[]): string[] {
  const databases = desired.resources.find(
    (r) => r.kind === 'config' && r.id === taskOf('mariadb/databases').config,
  );
  const statements =
    databases?.kind === 'config' ? databases.files.find(({ name }) => name === 'databases.sql') : undefined;
  const text = fillSecrets(statements?.content ?? '', (secret) => secret)
    .split(/(?=CREATE DATABASE)/)
    .filter((part) => new RegExp(`^CREATE DATABASE IF NOT EXISTS \`${service}[_\`]`).test(part))
    .join('');
  const names = [...text.matchAll(/CREATE DATABASE IF NOT EXISTS `(\w+)`/g)].map(([, name = '']) => name);
  const fresh = names.map((name) => `DROP DATABASE IF EXISTS ${name};`).join('');
  docker('exec', container, 'mariadb', ...login, '--execute', `${fresh}${text}`);
  const { image, user, config, env, mounts } = taskOf(`${service}/db-sync`);
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const keys = service === 'keystone' ? taskOf('keystone/keys') : undefined;
  const before = keys ? `python3 /etc/kollage/keys.py ${mounts.map(({ path }) => path).join(' ')} && ` : '';
  const command = `${before}python3 /etc/kollage/schema.py expand /etc/kollage/schema.json && cat /tmp/fresh`;
  const output = docker(
    ...['run', '--rm', '--network=host', `--user=${user}`, '--entrypoint=', ...variables, ...options],
    ...mounts.map(({ path }) => `--tmpfs=${path}:mode=1777`),
    ...[...mounted(config ?? ''), ...mounted(keys?.config ?? ''), image, 'sh', '-c', command],
  );
  expect(output.trim()).toMatch(/yes$/);
  const dump = [
    'mariadb-dump',
    ...login,
    '--skip-comments',
    '--skip-extended-insert',
    '--databases',
    ...names,
  ];
  // The users and projects that Keystone's first set-up makes have names of their own each time, and cells too; times differ.
  const ignored = service === 'keystone' ? ['--no-data'] : [];
  return (
    docker('exec', container, ...dump, ...ignored)
      .replaceAll(/'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'/g, 'UUID')
      .replaceAll(/'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?'/g, 'TIME')
      .replaceAll(/ AUTO_INCREMENT=\d+/g, '')
      .replaceAll(/,$/gm, '')
      .split('\n')
      // Migrations make indexes and rows that belong together in any order.
      .sort()
  );
}

const services = desired.resources.flatMap((r) =>
  r.kind === 'task' && r.id.endsWith('/db-sync') ? [r.id.replace('/db-sync', '')] : [],
);

test.each(services)('%s', (service) => {
  const loaded = schemas(service, []);
  const migrated = schemas(service, ['--tmpfs=/usr/share/kollage/schema']);
  expect(migrated.join('\n')).toContain('alembic_version');
  expect(loaded).toEqual(migrated);
});

beforeAll(async () => {
  await buildAll();
  const [mariadb] = desired.resources.flatMap((r) =>
    r.kind === 'workload' && r.id === 'mariadb/server' ? [r] : [],
  );
  const install =
    'mariadb-install-db --no-defaults --datadir=/var/lib/mysql --auth-root-authentication-method=normal';
  docker(
    ...['run', '--detach', '--rm', '--name', container, '--network=host', '--user=mysql', '--entrypoint='],
    ...[
      '--tmpfs=/var/lib/mysql:uid=42434',
      ...mounted(mariadb?.config ?? ''),
      mariadb?.image ?? '',
      'sh',
      '-c',
    ],
    `${install} && exec mariadbd --defaults-file=/etc/mysql/my.cnf`,
  );
  const up = `until mariadb ${login.join(' ')} -e 'SELECT 1'; do sleep 0.2; done 2>/dev/null`;
  docker('exec', container, 'timeout', '300', 'sh', '-c', up);
}, 1_800_000);

afterAll(() => {
  docker('rm', '--force', container);
  rmSync(folder, { recursive: true, force: true });
});
