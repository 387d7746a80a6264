import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { everything } from '../catalog/everything.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { describeWithCluster } from '../cluster/testing.ts';
import { Running } from '../engines/running.ts';
import { folderOf } from '../engines/written.ts';

/* Three databases and three brokers on three nodes: one begins, any one may be lost, a part that is cut off refuses to write, and all come back. */

const { root, write } = folderOf();
const folder = join(root, 'deployment');
const namespace = 'kollage-ha';
const python = '/var/lib/kolla/venv/bin/python3';
const members = ['mariadb-server-0', 'mariadb-server-1', 'mariadb-server-2'] as const;

describe('three of each', () => {
  describeWithCluster(
    'on three nodes',
    {
      nodes: 3,
      images: ['kollage/mariadb-server:2025.1', 'kollage/rabbitmq:2025.1', 'kollage/keystone:2025.1'],
    },
    (cluster) => {
      let running: Running;
      let world: World;

      beforeAll(async () => {
        mkdirSync(folder, { recursive: true });
        write(
          'deployment/kollage.yaml',
          `name: ${namespace}
profile: identity
engine: { type: kubernetes, address: ${cluster().kubeconfig}, storage: { class: local } }
services:
  keystone: false
  memcached: false
  mariadb: { components: { server: { replicas: 3 } } }
  rabbitmq: { components: { server: { replicas: 3 } } }
`,
        );
        await ensureSecrets(folder);
        running = new Running(folder);
        world = new World(cluster());
      });

      test('come up at once, each on a node of its own, and one begins', { timeout: 300_000 }, async () => {
        expect((await running.up()).number).toBe(1);
        expect(await running.ailing()).toEqual([]);
        for (const of of ['mariadb-server', 'rabbitmq-server'])
          expect([...(await world.nodes(of)).values()].sort()).toEqual(['node1', 'node2', 'node3']);
        expect(members.map((one) => world.begins(one)).sort()).toEqual([0, 0, 1]);
        expect(members.map((one) => world.sql(one, clusterSize))).toEqual(['3', '3', '3']);
        expect(world.brokers()).toBe(3);
        expect(await world.calls()).toContain('pong');
        const kinds = world.queues().map(({ type }) => type);
        expect(kinds.length).toBeGreaterThan(2);
        expect(new Set(kinds)).toEqual(new Set(['quorum']));
        expect((await running.up()).number).toBeNull();
      });

      test('lose nothing that was confirmed with one of them', { timeout: 300_000 }, async () => {
        const lost = 'mariadb-server-0';
        const [node, , other] = await world.nodesFrom(lost);
        const client = await world.client(other);
        await client.writes(20);
        await cluster().powerOff(node);
        await client.writes(20);
        await cluster().lost(node);
        await vi.waitFor(async () => {
          const said = (await running.ailing()).map(({ why }) => why);
          expect(said.filter((why) => why?.includes(`kubectl taint node ${node} `)).length).toBe(2);
        }, patient);
        await client.writes(20);
        cluster().heal(node);
        await cluster().ready(node);
        await running.becomesHealthy();
        await client.end();
        expect(await world.missing(client)).toEqual([]);
      });

      test('refuse to write where they are cut off from the others', { timeout: 300_000 }, async () => {
        const alone = 'mariadb-server-1';
        const [node, , other] = await world.nodesFrom(alone);
        const broker = await world.on('rabbitmq-server', node);
        const client = await world.client(other);
        await client.writes(10);
        cluster().partition(node);
        await cluster().lost(node);
        const insert = 'INSERT INTO ha.numbers VALUES (-1)';
        await vi.waitFor(() => expect(world.inside(node, alone, insert)).toContain('1047'), patient);
        await vi.waitFor(() => expect(world.pausedInside(node, broker)).toBe(true), patient);
        await client.writes(20);
        cluster().heal(node);
        await cluster().ready(node);
        await running.becomesHealthy();
        await client.end();
        expect(await world.missing(client)).toEqual([]);
        expect(world.sql(alone, 'SELECT COUNT(*) FROM ha.numbers WHERE number < 0')).toBe('0');
        expect(world.brokers()).toBe(3);
      });

      test('begin anew with the newest data after all were killed', { timeout: 300_000 }, async () => {
        const older = 'mariadb-server-0';
        const [first, second, third] = await world.nodesFrom(older);
        const client = await world.client(third);
        await client.writes(10);
        await cluster().powerOff(first);
        await client.writes(50);
        await Promise.all([second, third].map((node) => cluster().powerOff(node)));
        for (const node of [first, second, third]) cluster().heal(node);
        await cluster().ready();
        await running.becomesHealthy();
        expect(world.begins(older)).toBe(0);
        expect(members.map((one) => world.begins(one)).sort()).toEqual([0, 0, 1]);
        expect(await world.missing(client)).toEqual([]);
        expect(world.brokers()).toBe(3);
      });
    },
  );
});

const patient = { timeout: 60_000, interval: 500 };
const clusterSize =
  "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_cluster_size'";

/** What the catalog tells OpenStack's services of the queues of three brokers. */
function settingsOfQueues(): string {
  const { catalog, deployment } = everything('2025.1');
  const { desired } = compile({
    catalog,
    deployment: {
      ...deployment,
      engine: { type: 'kubernetes' },
      components: new Map([['rabbitmq/server', { replicas: 3 }]]),
    },
    engine: engineTraits.kubernetes,
  });
  const files = desired.resources.flatMap((one) => (one.kind === 'config' ? one.files : []));
  const { content = '' } = files.find(({ name }) => name === 'nova.conf') ?? {};
  const [found = ''] = /^\[oslo_messaging_rabbit\]\n(?:.+\n)+/m.exec(content) ?? [];
  if (found === '') throw new Error('nova.conf says nothing of queues');
  return found;
}

/** A client that writes rows and messages, and what was confirmed to it. */
class Client {
  readonly confirmed = { row: new Set<string>(), message: new Set<string>() };
  readonly #process: ChildProcess;
  readonly #pod: string;
  readonly #gone: () => Promise<void>;
  #heard: () => void = () => undefined;
  #last: string[] = [];

  constructor(process: ChildProcess, pod: string, gone: () => Promise<void>) {
    this.#process = process;
    this.#pod = pod;
    this.#gone = gone;
    if (!process.stdout) throw new Error('it has no output');
    createInterface({ input: process.stdout }).on('line', (line) => {
      const [, what, number] = /^(row|message) (\d+)$/.exec(line) ?? [];
      if (number !== undefined) this.confirmed[what === 'row' ? 'row' : 'message'].add(number);
      else this.#last = [...this.#last.slice(-5), line];
      this.#heard();
    });
  }

  /** Resolves when so many more of each were confirmed. */
  async writes(more: number): Promise<void> {
    const { row, message } = this.confirmed;
    const wanted = { row: row.size + more, message: message.size + more };
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${this.#pod} is not confirmed ${more} more: ${this.#last.join('; ')}`)),
        60_000,
      );
      this.#heard = () => {
        if (row.size < wanted.row || message.size < wanted.message) return;
        clearTimeout(late);
        resolve();
      };
      this.#heard();
    });
  }

  /** What it was told until then is all that it was told. */
  async end(): Promise<void> {
    await this.#gone();
    if (this.#process.exitCode === null && this.#process.signalCode === null)
      await new Promise((resolve) => this.#process.once('close', resolve));
  }
}

/** The cluster, looked at with kubectl and from inside of its nodes. */
class World {
  readonly #cluster: TestCluster;
  readonly #env: NodeJS.ProcessEnv;
  readonly #program: string;
  #pods = 0;

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
    this.#env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
    this.#program = join(cluster.folder, 'bin/kubectl');
  }

  #kubectl(...args: string[]): string {
    return execFileSync(this.#program, ['--namespace', namespace, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#env,
      maxBuffer: 64 * 1024 * 1024,
    }).trim();
  }

  /** The nodes of a workload's pods, by pod. */
  async nodes(workload: string): Promise<Map<string, string>> {
    const labels = `kollage.dev/workload=${workload}`;
    const { items } = await this.#cluster.client.list({ kind: 'Pod', namespace }, { labels });
    return new Map(
      items.map((item) => {
        const { nodeName = '' } = item['spec'] as { nodeName?: string };
        return [item.metadata.name, nodeName] as const;
      }),
    );
  }

  /** All nodes, that of a database first. */
  async nodesFrom(member: string): Promise<[string, string, string]> {
    const nodes = await this.nodes('mariadb-server');
    const first = nodes.get(member) ?? '';
    const [second = '', third = ''] = [...nodes.values()].filter((node) => node !== first).sort();
    return [first, second, third];
  }

  /** The pod of a workload on a node. */
  async on(workload: string, node: string): Promise<string> {
    const found = [...(await this.nodes(workload))].find(([, where]) => where === node);
    if (!found) throw new Error(`no ${workload} is on ${node}`);
    return found[0];
  }

  /** How often a member, as it runs now, has begun the cluster. */
  begins(member: string): number {
    return (
      this.#kubectl('logs', member, '--container', 'server').split('member: begins the cluster').length - 1
    );
  }

  /** How many brokers see one another. */
  brokers(): number {
    const said = this.#kubectl(
      ...['exec', 'rabbitmq-server-0', '--container', 'server', '--'],
      ...['rabbitmqctl', 'cluster_status', '--formatter', 'json'],
    );
    const { running_nodes = [] } = JSON.parse(said) as { running_nodes?: string[] };
    return running_nodes.length;
  }

  /** What a service of OpenStack answers another one through the brokers, with the settings that the catalog gives them. */
  async calls(): Promise<string> {
    const client = await this.client('node1');
    const said = this.#kubectl('exec', `client-${this.#pods}`, '--', ...this.#program_('call'));
    await client.end();
    return said;
  }

  queues(): { readonly name: string; readonly type: string }[] {
    const said = this.#kubectl(
      ...['exec', 'rabbitmq-server-0', '--container', 'server', '--'],
      ...['rabbitmqctl', 'list_queues', '--vhost', 'quorum', 'name', 'type', '--formatter', 'json'],
    );
    return JSON.parse(said) as { name: string; type: string }[];
  }

  sql(member: string, statement: string): string {
    return this.#kubectl('exec', member, '--container', 'server', '--', 'sh', '-c', this.#asks(statement));
  }

  #asks(statement: string): string {
    const [user, socket] = ['--user=root', '--socket=/var/lib/mysql/mariadb.sock'];
    return `MYSQL_PWD='${this.#secret('database_password')}' mariadb --no-defaults ${user} ${socket} --skip-column-names --execute="${statement}" 2>&1`;
  }

  readonly #secrets = new Map<string, string>();

  /** Kept, since it is asked for when nobody answers. */
  #secret(name: string): string {
    const known = this.#secrets.get(name);
    if (known !== undefined) return known;
    const path = `jsonpath={.items[?(@.metadata.annotations.kollage\\.dev/key=="secret:${name}")].data.value}`;
    const value = Buffer.from(this.#kubectl('get', 'secrets', '--output', path), 'base64').toString();
    this.#secrets.set(name, value);
    return value;
  }

  /** What a database says to a statement, asked on its node, which nobody else reaches. */
  inside(node: string, member: string, statement: string): string {
    return this.#on(node, member, `${this.#asks(statement)} || true`);
  }

  /** Whether a broker has stopped to serve, asked on its node. */
  pausedInside(node: string, broker: string): boolean {
    const ask = `import socket; socket.create_connection((socket.gethostname(), 5672), 3)`;
    return this.#on(node, broker, `python3 -c '${ask}' 2>&1 || true`).includes('refused');
  }

  #on(node: string, pod: string, line: string): string {
    const found = this.#cluster.nodes.find(({ name }) => name === node);
    const bin = join(this.#cluster.folder, 'bin/ctr');
    const find = `id=$("$1" --namespace k8s.io containers list --quiet "labels.\\"io.kubernetes.pod.name\\"==$2,labels.\\"io.kubernetes.container.name\\"==server" | tail -n 1)`;
    const script = `${find}; exec "$1" --namespace k8s.io tasks exec --exec-id "test-$$" "$id" sh -c "$3"`;
    return found?.run(script, bin, pod, line) ?? '';
  }

  /** A client on a node, which writes until the end of the test. */
  async client(node: string): Promise<Client> {
    const name = `client-${++this.#pods}`;
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        nodeName: node,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'client', image: 'kollage/keystone:2025.1', command: ['sleep', 'infinity'] }],
      },
    };
    await this.#cluster.client.create(pod);
    this.#kubectl('wait', 'pod', name, '--for=condition=Ready', '--timeout=60s');
    this.#kubectl('cp', join(import.meta.dirname, 'ha-client.py'), `${name}:/tmp/ha-client.py`);
    const args = ['--namespace', namespace, 'exec', name, '--', ...this.#program_('write', 'mariadb-server')];
    const child = spawn(this.#program, args, { env: this.#env, stdio: ['ignore', 'pipe', 'ignore'] });
    const gone = async () => {
      await this.#cluster.client.remove({ kind: 'Pod', namespace, name }, { grace: 0 });
      child.kill('SIGTERM');
    };
    onTestFinished(gone);
    return new Client(child, name, gone);
  }

  #program_(...args: string[]): string[] {
    const given = [
      `DATABASE=${this.#secret('database_password')}`,
      `BROKER=${this.#secret('rabbitmq_password')}`,
      `OSLO=${settingsOfQueues()}`,
    ];
    return ['env', ...given, python, '/tmp/ha-client.py', ...args, 'rabbitmq-server'];
  }

  /** What was confirmed to a client, and is not in each database, or not in the queue. */
  async missing({ confirmed }: Client): Promise<string[]> {
    const rows = members.map((member) => [
      member,
      new Set(this.sql(member, 'SELECT number FROM ha.numbers').split('\n')),
    ]) as [string, Set<string>][];
    const reader = await this.client('node1');
    const messages = new Set(
      this.#kubectl('exec', `client-${this.#pods}`, '--', ...this.#program_('read')).split('\n'),
    );
    await reader.end();
    expect(confirmed.row.size * confirmed.message.size).toBeGreaterThan(0);
    return [
      ...rows.flatMap(([member, has]) =>
        [...confirmed.row].filter((number) => !has.has(number)).map((number) => `row ${number} of ${member}`),
      ),
      ...[...confirmed.message]
        .filter((number) => !messages.has(number))
        .map((number) => `message ${number}`),
    ];
  }
}
