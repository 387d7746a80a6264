import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openDeployment } from '../../../src/load/deployment.ts';
import { readPasswords } from '../../../src/load/passwords.ts';
import { backup, bringIn, bringOut, dropBackups, listBackups } from '../../../src/operate/backup.ts';
import { rollback } from '../../../src/operate/rollback.ts';
import { ensureSecrets } from '../../../src/operate/secrets.ts';
import { whyNot } from '../../cluster/programs.ts';
import { describeWithCluster } from '../../cluster/testing.ts';
import { haveImages } from '../../support/images.ts';
import { putBack } from '../restored.ts';
import { Running } from '../running.ts';
import { folderOf } from '../written.ts';

/*
 * That data goes back with what changed it, and with backups, on a real cluster: Keystone with its MariaDB, and a newer Keystone that migrates the
 * database. Volumes are of one node each, and there are two.
 */

const name = 'kollage-data';
const silent = { emit: () => undefined, signal: new AbortController().signal };
const images = ['keystone:2025.1', 'keystone:2026.2', 'mariadb-server:2025.1', 'memcached:2025.1'];

if (whyNot() === null) await haveImages('2026.2', 'keystone');

describeWithCluster(
  'the data of a deployment on Kubernetes',
  { nodes: 2, images: images.map((image) => `kollage/${image}`) },
  (cluster) => {
    const { root, write } = folderOf();
    const folder = join(root, 'deployment');
    const running = new Running(folder);

    const configure = (more = '') =>
      write(
        'deployment/kollage.yaml',
        `name: ${name}
profile: identity
engine: { type: kubernetes, address: ${cluster().kubeconfig}, storage: { class: local } }
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

    test('an upgrade is gone back from with the data that was saved before it, when that is asked for', async () => {
      rmSync(join(folder, 'config/keystone/keystone-uwsgi.ini'));
      const before = await dump();
      configure('images: { overrides: { keystone: "kollage/keystone:2026.2" } }\n');
      await running.up();
      await sql(
        "INSERT INTO keystone.project_tag VALUES ((SELECT id FROM keystone.project LIMIT 1), 'newer')",
      );
      const planned = async () => true;
      const back = (more: { restoreData?: boolean } = {}) =>
        rollback({ folder, to: 1, planned, ...silent, ...more });
      await expect(back()).rejects.toMatchObject({ code: 'KLG-512' });
      await back({ restoreData: true });
      expect(await dump()).toBe(before);
      await healthy();
      configure();
    });

    test('a backup is made while it serves, goes out and comes in, and takes the place of what was written since', async () => {
      const [made] = await backup({ folder, services: ['mariadb'], planned: () => undefined, ...silent });
      const id = made?.made.id ?? '';
      const before = await dump();
      const file = await bringOut(folder, id, root, silent.signal);
      await dropBackups(folder, [id]);
      expect((await listBackups(folder, ['mariadb'])).get('mariadb')).toEqual([]);
      expect((await bringIn(folder, ['mariadb'], file, silent.signal)).id).toBe(id);
      await sql(
        "INSERT INTO keystone.project_tag VALUES ((SELECT id FROM keystone.project LIMIT 1), 'late')",
      );
      await putBack(folder, id, silent);
      expect(await dump()).toBe(before);
      await healthy();
    });

    test('a tool that no node can take says why', async () => {
      const kubectl = (...args: string[]) =>
        execFileSync(join(cluster().folder, 'bin/kubectl'), args, {
          env: { ...process.env, KUBECONFIG: cluster().kubeconfig },
        });
      // How long is part of what was applied, and alone no reason to apply it.
      write('deployment/config/keystone.conf', '[token]\nexpiration = 7200\n');
      configure('timeouts: { needs: 15 }\n');
      await running.up();
      kubectl('cordon', ...cluster().nodes.map(({ name: node }) => node));
      await expect(listBackups(folder, ['mariadb'])).rejects.toMatchObject({
        code: 'KLG-502',
        message: expect.stringMatching(/did not run within 15 s: no node can take it: .*unschedulable/),
      });
      kubectl('uncordon', ...cluster().nodes.map(({ name: node }) => node));
      expect((await listBackups(folder, ['mariadb'])).get('mariadb')).toHaveLength(1);
    });
  },
);
