import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { startOf } from '../../src/state/lock.ts';
import { type Asked, makeOperator, requestsOf } from './audit.ts';
import {
  halt,
  kill,
  resume,
  serviceAddress,
  start,
  startApiServer,
  startControllers,
  startEtcd,
} from './control-plane.ts';
import { endFabric, Fabric } from './fabric.ts';
import { removeGroup } from './groups.ts';
import { boxImage, dockerImages } from './images.ts';
import { ClusterNode } from './node.ts';
import { firstObjects } from './objects.ts';
import { unpackPrograms } from './programs.ts';
import { isReady, named, until } from './waiting.ts';

export interface ClusterOptions {
  /** Real nodes: node1, node2, … With none there is the API server and what belongs to it. Three when not given. */
  readonly nodes?: number;
  /** Nodes that only say that they are there: simulated-0, … */
  readonly simulated?: number;
  /** Images of this host's Docker that the nodes have: references and patterns, `kollage/*`. */
  readonly images?: readonly string[];
  /** It lives on when this process ends, until `tools/cluster down`. */
  readonly kept?: boolean;
}

const written = z.object({
  pid: z.number(),
  started: z.string().nullable(),
  subnet: z.string(),
  nodes: z.number(),
});

const prefix = 'kollage-cluster-';

/** A Kubernetes of our own, with real nodes, in namespaces of their own on this host. */
export class TestCluster implements AsyncDisposable {
  readonly folder: string;
  readonly fabric: Fabric;
  readonly nodes: readonly ClusterNode[];
  /** As its administrator. */
  readonly client: KubernetesClient;

  constructor(folder: string, fabric: Fabric, nodes: readonly ClusterNode[], client: KubernetesClient) {
    this.folder = folder;
    this.fabric = fabric;
    this.nodes = nodes;
    this.client = client;
  }

  /** The path of a kubeconfig, as its administrator. */
  get kubeconfig(): string {
    return kubeconfigOf(this.folder);
  }

  /** A kubeconfig of one whose requests are counted. */
  operator(): string {
    return makeOperator(this.folder, this.kubeconfig);
  }

  /** What the operator has asked so far, in order. */
  requests(): Asked[] {
    return requestsOf(this.folder);
  }

  /** Cuts a node's power. */
  async powerOff(node: string): Promise<void> {
    await this.#node(node).powerOff();
  }

  /** Pulls a node's cable: it runs on, and nobody reaches it. */
  partition(node: string): void {
    this.#node(node).plug('down');
  }

  /** Plugs a node's cable in, or switches it on. `ready` tells when it is back. */
  heal(node: string): void {
    const healed = this.#node(node);
    if (healed.on) healed.plug('up');
    else void healed.powerOn();
  }

  /** Lets the API server stand still: it accepts connections, and answers nothing. */
  haltApiServer(): void {
    halt(this.folder, 'kube-apiserver');
  }

  resumeApiServer(): void {
    resume(this.folder, 'kube-apiserver');
  }

  /** Kills the API server: whatever runs on nodes runs on. */
  async stopApiServer(): Promise<void> {
    await kill(this.folder, 'kube-apiserver');
  }

  /** Resolves when it is ready. */
  async startApiServer(): Promise<void> {
    (await startApiServer(this.fabric, this.folder)).close();
  }

  /** Waits until these nodes are ready; all of them when none is named. */
  async ready(...nodes: readonly string[]): Promise<void> {
    await this.#nodesAre(nodes.length > 0 ? nodes : this.nodes.map(({ name }) => name), true);
  }

  /** Waits until the cluster knows that a node is lost. */
  async lost(node: string): Promise<void> {
    await this.#nodesAre([node], false);
  }

  /** Makes images of this host's Docker known to all nodes that are on. */
  load(...images: readonly string[]): void {
    writeImages(this.folder, images);
    for (const node of this.nodes.filter(({ on }) => on)) node.bring();
  }

  async #nodesAre(names: readonly string[], ready: boolean): Promise<void> {
    await until(this.client, { kind: 'Node' }, (known) =>
      names.every((name) => known.some((node) => node.metadata.name === name && isReady(node) === ready)),
    );
  }

  #node(name: string): ClusterNode {
    const node = this.nodes.find((one) => one.name === name);
    if (!node) throw new Error(`there is no ${name}`);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await remove(this.folder);
  }
}

/** Makes a cluster; `programs.ts` says where it can. Its nodes are ready, its default service account is there. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { nodes: count = 3, simulated = 0, images = [], kept = false } = options;
  await sweep();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  mkdirSync(join(folder, 'log'));
  const fabric = await Fabric.start({ kept, log: join(folder, 'log/fabric.log') });
  writeFileSync(
    stateOf(folder),
    JSON.stringify({ pid: fabric.pid, started: startOf(fabric.pid), subnet: fabric.subnet, nodes: count }),
  );
  try {
    unpackPrograms(join(folder, 'bin'));
    const nodes = nodesOf(fabric, folder, count);
    certificates(fabric, folder, nodes);
    writeImages(folder, images);
    const failed = Promise.race(
      nodes.map(async (node) => {
        await node.powerOn();
        throw new Error(`${node.name} has ended`);
      }),
    );
    failed.catch(() => undefined);
    startEtcd(fabric, folder);
    const client = await startApiServer(fabric, folder);
    // Simulated nodes say so less often than real ones that they live: a thousand of them would be a load.
    startControllers(fabric, folder, simulated > 0 ? 60 : 8);
    const admin = { kubeconfig: kubeconfigOf(folder) };
    if (simulated > 0) start(fabric, folder, 'simulate', { ...admin, nodes: String(simulated) }, 'kube');
    await until(client, { kind: 'Namespace' }, named('kube-system'));
    for (const object of firstObjects(`${fabric.subnet}.1`))
      await client.apply(object, { manager: 'test-cluster' });
    await until(client, { kind: 'ServiceAccount', namespace: 'default' }, named('default'));
    const ready = until(
      client,
      { kind: 'Node' },
      (known) => known.filter(isReady).length === count + simulated,
    );
    await (count > 0 ? Promise.race([ready, failed]) : ready);
    return new TestCluster(folder, fabric, nodes, client);
  } catch (error) {
    const logs = lastWords(folder);
    await remove(folder);
    throw new Error(`the cluster does not come up: ${String(error)}\n${logs}`, { cause: error });
  }
}

/** The clusters of this host that run, by their folder. */
export function runningClusters(): string[] {
  return folders().filter((folder) => {
    const state = stateIn(folder);
    return state !== null && state.started !== null && startOf(state.pid) === state.started;
  });
}

/** One that somebody else has started. */
export async function attach(folder: string): Promise<TestCluster> {
  const { pid, subnet, nodes } = written.parse(stateIn(folder));
  const fabric = new Fabric(subnet, pid, true);
  const client = await KubernetesClient.connect({ kubeconfig: kubeconfigOf(folder) });
  return new TestCluster(folder, fabric, nodesOf(fabric, folder, nodes), client);
}

function nodesOf(fabric: Fabric, folder: string, count: number): ClusterNode[] {
  return Array.from({ length: count }, (_, at) => new ClusterNode(fabric, folder, at + 1, count));
}

function certificates(fabric: Fabric, folder: string, nodes: readonly ClusterNode[]): void {
  execFileSync(join(folder, 'bin/kube'), [
    'certificates',
    `--folder=${join(folder, 'pki')}`,
    `--server=${fabric.subnet}.1,${serviceAddress}`,
    `--nodes=${nodes.map(({ name, address }) => `${name}=${address}`).join(',')}`,
  ]);
}

function writeImages(folder: string, patterns: readonly string[]): void {
  const own = join(folder, 'box');
  if (!existsSync(own)) {
    mkdirSync(own);
    execFileSync('ln', [join(folder, 'bin/box'), own]);
  }
  writeFileSync(join(folder, 'images.json'), JSON.stringify([boxImage(own), ...dockerImages(patterns)]));
}

/** Takes a cluster away, with all that it has made on this host. */
export async function remove(folder: string): Promise<void> {
  const state = stateIn(folder);
  if (state) await endFabric(state);
  await removeGroup(join('/', basename(folder)));
  rmSync(folder, { recursive: true, force: true });
}

/** What clusters have left whose process was killed: their processes ended with it. */
async function sweep(): Promise<void> {
  const running = runningClusters();
  for (const folder of folders().filter((one) => existsSync(stateOf(one)) && !running.includes(one)))
    await remove(folder);
}

function folders(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(prefix))
    .map((name) => join(tmpdir(), name));
}

function stateOf(folder: string): string {
  return join(folder, 'cluster.json');
}

function stateIn(folder: string) {
  return existsSync(stateOf(folder))
    ? written.parse(JSON.parse(readFileSync(stateOf(folder), 'utf8')))
    : null;
}

function kubeconfigOf(folder: string): string {
  return join(folder, 'pki/admin.kubeconfig');
}

function lastWords(folder: string): string {
  const logs = join(folder, 'log');
  if (!existsSync(logs)) return '';
  return readdirSync(logs)
    .map((name) => `${name}:\n${readFileSync(join(logs, name), 'utf8').split('\n').slice(-6).join('\n')}`)
    .join('\n');
}
