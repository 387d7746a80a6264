import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Fabric, run } from './fabric.ts';
import { makeGroup, processesOf, removeGroup } from './groups.ts';
import { dockerLayers } from './images.ts';

/** One of a cluster's nodes: a machine with a disk, which power and network can be taken from. */
export class ClusterNode {
  readonly name: string;
  readonly #fabric: Fabric;
  readonly #cluster: string;
  readonly #number: number;
  readonly #nodes: number;

  /** `cluster`: its folder. `number`: from 1, of so many. */
  constructor(fabric: Fabric, cluster: string, number: number, nodes: number) {
    this.name = `node${number}`;
    this.#fabric = fabric;
    this.#cluster = cluster;
    this.#number = number;
    this.#nodes = nodes;
  }

  get address(): string {
    return `${this.#fabric.subnet}.${10 + this.#number}`;
  }

  get on(): boolean {
    return this.#first() !== undefined;
  }

  /** Resolves when it is off again. */
  powerOn(): Promise<void> {
    makeGroup(join(this.#group, 'node'));
    makeGroup(join(this.#group, 'pods'));
    const log = join(this.#cluster, 'log', `${this.name}.log`);
    return this.#fabric.spawn(log, 'sh', [join(import.meta.dirname, 'node-up.sh')], {
      SCRIPTS: import.meta.dirname,
      SUBNET: this.#fabric.subnet,
      NODE: this.name,
      NUMBER: String(this.#number),
      NODES: String(this.#nodes),
      CLUSTER: this.#cluster,
      HOME_OF_NODE: join(this.#cluster, this.name),
      GROUP: this.#group,
      DOCKER: dockerLayers() ?? '',
    });
  }

  /** All of its processes are killed in an instant; what they had written to its disk is there when it is switched on again. */
  async powerOff(): Promise<void> {
    const first = this.#first();
    if (first === undefined) return;
    process.kill(first, 'SIGKILL');
    await removeGroup(this.#group);
    this.#fabric.run('ip', 'netns', 'delete', this.name);
    // What is at the other end of a cable goes with the namespace, but not at once.
    while (this.#fabric.run('ip', '-brief', 'link', 'show', 'type', 'veth').includes(`${this.name}@`))
      await pause(20);
  }

  /** Pulls its cable, or plugs it in again. It runs on. */
  plug(into: 'up' | 'down'): void {
    this.#fabric.run('ip', 'link', 'set', this.name, into);
  }

  /** Runs a program in its namespaces to its end. */
  run(input: string, ...command: string[]): string {
    const first = this.#first();
    if (first === undefined) throw new Error(`${this.name} is switched off`);
    return run('nsenter', '--target', String(first), '--all', '--', 'sh', '-c', input, 'sh', ...command);
  }

  /** Makes images known to it, from the file that it also reads when it is switched on. */
  bring(): void {
    this.run(`exec "$1/bin/kube" images < "$1/images.json"`, this.#cluster);
  }

  get #group(): string {
    return join('/', basename(this.#cluster), this.name);
  }

  /** The id, on this host, of its process 1: three namespaces number it, ours, the cluster's and its own. */
  #first(): number | undefined {
    return processesOf(join(this.#group, 'node')).find((pid) => {
      try {
        const [, ids = ''] = /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
        return /\s\d+\s+1$/.test(ids);
      } catch {
        // It has ended.
        return false;
      }
    });
  }
}
