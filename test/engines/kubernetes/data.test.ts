import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDeployment } from '../../../src/load/deployment.ts';
import { readPasswords } from '../../../src/load/passwords.ts';
import { ensureSecrets } from '../../../src/operate/secrets.ts';
import { whyNot } from '../../cluster/programs.ts';
import { describeWithCluster } from '../../cluster/testing.ts';
import { haveImages } from '../../support/images.ts';
import { Running } from '../running.ts';
import { folderOf } from '../written.ts';

/*
 * That data goes back with what changed it, on a real cluster: Keystone with its MariaDB, and a newer Keystone that migrates the database.
 */

const name = 'kollage-data';
const images = ['keystone:2025.1', 'keystone:2026.2', 'mariadb-server:2025.1', 'memcached:2025.1'];

if (whyNot() === null) await haveImages('2026.2', 'keystone');

describeWithCluster(
  'the data of a deployment on Kubernetes',
  { nodes: 1, images: images.map((image) => `kollage/${image}`) },
  (cluster) => {
    const { root, write } = folderOf();
    const folder = join(root, 'deployment');
    const running = new Running(folder);

    const configure = (more = '') =>
      write(
        'deployment/kollage.yaml',
        `name: ${name}
profile: identity
engine: { type: kubernetes, address: ${cluster().kubeconfig} }
services: { keystone: { options: { processes: 1 } } }
${more}`,
      );

    async function inServer(...command: string[]): Promise<string> {
      const { values } = await readPasswords(openDeployment(folder));
      const shell = 'read -r MYSQL_PWD; export MYSQL_PWD; exec "$@"';
      const words = ['exec', '-i', 'statefulset/mariadb-server', '--', 'sh', '-c', shell, 'sh', ...command];
      return execFileSync(join(cluster().folder, 'bin/kubectl'), ['--namespace', name, ...words], {
        encoding: 'utf8',
        input: `${values.get('database_password')?.reveal()}\n`,
        stdio: ['pipe', 'pipe', 'ignore'],
        env: { ...process.env, KUBECONFIG: cluster().kubeconfig },
        maxBuffer: 64 * 1024 * 1024,
      }).trim();
    }
    const sql = (statement: string) =>
      inServer('mariadb', '-N', '-h', '127.0.0.1', '-u', 'root', '-e', statement);
    const dump = () =>
      inServer(
        'mariadb-dump',
        '-h',
        '127.0.0.1',
        '-u',
        'root',
        '--skip-dump-date',
        '--hex-blob',
        '--order-by-primary',
        '--databases',
        'keystone',
      );
    const healthy = () => running.becomesHealthy();

    beforeAll(async () => {
      mkdirSync(folder, { recursive: true });
      configure();
      await ensureSecrets(folder);
      expect((await running.up()).number).toBe(1);
      await sql(
        "INSERT INTO keystone.project_tag VALUES ((SELECT id FROM keystone.project LIMIT 1), 'mine')",
      );
    });

    test('a migration whose programs do not work is taken back, with what was in the database', async () => {
      const before = await dump();
      expect(before).toContain('mine');
      const broken = '[uwsgi]\nmodule = no.such.module:app\nneed-app = true\n';
      write('deployment/config/keystone/keystone-uwsgi.ini', broken);
      configure('images: { overrides: { keystone: "kollage/keystone:2026.2" } }\n');
      expect(await running.failsUp()).toMatchObject({ code: 'KLG-504' });
      expect(await dump()).toBe(before);
      await healthy();
      expect(await running.failsUp()).toMatchObject({ code: 'KLG-511' });
    });
  },
);
