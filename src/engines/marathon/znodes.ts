import { z } from 'zod';
import { hash } from '../../compile/fingerprint.ts';
import { KollageError } from '../../model/error.ts';
import type { ZooKeeperClient } from '../../zookeeper/client.ts';
import { type Acls, anyone, digest, permission } from '../../zookeeper/protocol.ts';
import { type StoreKey, seal } from '../../zookeeper/seal.ts';
import type { Watcher } from '../../zookeeper/watches.ts';
import { registryName } from './names.ts';

/** Bytes of a piece, so that a node can hold it, sealed. */
const most = 900 * 1024;

/** A file as a container is given it, below a folder of its own. */
export interface FetchedFile {
  readonly path: string;
  readonly content: string;
  /** Octal. */
  readonly mode: string;
}

/** What one version of a process is given: the start program's spec, and files. */
export interface ProcessBundle {
  readonly spec: { readonly store: object; readonly [key: string]: unknown };
  readonly files: readonly FetchedFile[];
}

const registration = z.object({
  id: z.string(),
  instance: z.string(),
  node: z.string(),
  address: z.string(),
  ports: z.record(z.string(), z.number()),
  since: z.string(),
});

/** An instance that is well, as it says so itself. */
export type Registration = z.infer<typeof registration>;

/**
 * What lies in ZooKeeper for the containers of a deployment, below `/kollage/NAME` (docs/zookeeper.md). The engine writes `program` and `processes`, the
 * containers the rest.
 */
export class Znodes {
  readonly #client: ZooKeeperClient;
  readonly #deployment: string;
  readonly #key: StoreKey;
  /** What containers may read. */
  readonly #read: Acls;
  /** What containers may make and take away. */
  readonly #write: Acls;

  /** The client shows the key's owner. */
  constructor(client: ZooKeeperClient, deployment: string, key: StoreKey) {
    this.#client = client;
    this.#deployment = deployment;
    this.#key = key;
    const owner = digest(permission.all, key.owner);
    this.#read = [owner, digest(permission.read, key.member)];
    this.#write = [owner, digest(permission.all & ~permission.admin, key.member)];
  }

  path(...parts: readonly string[]): string {
    return ['/kollage', this.#deployment, ...parts.map((part) => part.replaceAll('/', '__'))].join('/');
  }

  /** The rights that what containers make has, as the start program reads them. */
  get #rights(): readonly (readonly [number, string, string])[] {
    return this.#write.map(({ permissions, scheme, id }) => [permissions, scheme, id]);
  }

  /** Makes what containers write into, and gives them the start program; one that is just being fetched is left until the next time. */
  async prepare(start: Readonly<Record<string, string>>): Promise<void> {
    await this.#client.make('/kollage', [anyone(permission.read | permission.create | permission.remove)]);
    await this.#client.make(this.path(), this.#read);
    await this.#client.make(this.path('processes'), this.#read);
    for (const name of ['tasks', 'outputs', 'waiting', 'registry', 'following', 'locks'])
      await this.#client.make(this.path(name), this.#write);
    const path = this.path('program');
    await this.#client.make(path, this.#read);
    const before = String((await this.#client.get(path))?.data ?? '');
    const now = hash(start);
    if (before === now) return;
    for (const name of (await this.#client.children(path)) ?? [])
      if (name !== before) await this.#client.removeAll(`${path}/${name}`);
    await this.#publish(`${path}/${now}`, JSON.stringify(start), (_, piece) => piece);
    await this.#client.set(path, Buffer.from(now));
  }

  /**
   * Gives a process what it is to run, under a version: what is there is never changed, so that an instance which starts again, or elsewhere, is what
   * its fellows are. Only its own containers can read it.
   */
  async publish(id: string, version: string, bundle: ProcessBundle): Promise<void> {
    await this.#client.make(this.path('processes', id), this.#read);
    await this.#client.make(this.path('registry', registryName(id)), this.#write);
    await this.#client.make(this.path('tasks', id), this.#write);
    const path = this.path('processes', id, version);
    if ((await this.#client.get(path))?.data.length) return;
    const key = this.#key.for(`process ${id}`);
    const { spec, files } = bundle;
    const text = JSON.stringify({ spec: { ...spec, store: { ...spec.store, acl: this.#rights } }, files });
    await this.#publish(path, text, (at, piece) => seal(key, at, piece));
  }

  /** Says which record of a task counts: who waits for it waits for that one from now on. */
  async want(task: string, fingerprint: string): Promise<void> {
    await this.#client.make(this.path('tasks', task), this.#write);
    await this.#client.set(this.path('tasks', task), Buffer.from(fingerprint));
  }

  /** The versions that a process was given and has not lost. */
  async versions(id: string): Promise<readonly string[]> {
    return (await this.#client.children(this.path('processes', id))) ?? [];
  }

  /** Takes a version away that no container uses any more. */
  forget(id: string, version: string): Promise<void> {
    return this.#client.removeAll(this.path('processes', id, version));
  }

  /** The variables with which a container finds all this. */
  variables(id: string, version: string, servers: string): Readonly<Record<string, string>> {
    const { user, password } = this.#key.member;
    return {
      KOLLAGE_ZOOKEEPER: servers,
      KOLLAGE_DEPLOYMENT: this.#deployment,
      KOLLAGE_PROCESS: id,
      KOLLAGE_VERSION: version,
      KOLLAGE_STORE_KEY: `${user}:${password}:${this.#key.for(`process ${id}`).toString('hex')}`,
    };
  }

  /** The instances of a workload that are well. The watcher is told when that changes. */
  async registered(id: string, watcher?: Watcher): Promise<readonly Registration[]> {
    const path = this.path('registry', registryName(id));
    const names = (await this.#client.children(path, watcher)) ?? [];
    const nodes = await Promise.all(names.map((name) => this.#client.get(`${path}/${name}`)));
    return nodes.flatMap((node) => (node ? [registration.parse(parsed(node.data, path))] : []));
  }

  /** All of it; with `keep` not what these hold. */
  async remove(keep: readonly string[] = []): Promise<void> {
    if (keep.length === 0) return this.#client.removeAll(this.path());
    for (const name of (await this.#client.children(this.path())) ?? [])
      if (!keep.includes(name)) await this.#client.removeAll(this.path(name));
  }

  /** In pieces; how many there are its node says when all are. */
  async #publish(path: string, text: string, piece: (path: string, bytes: Buffer) => Buffer): Promise<void> {
    const bytes = Buffer.from(text, 'utf8');
    await this.#client.removeAll(path);
    await this.#client.create(path, Buffer.alloc(0), this.#read);
    const count = Math.ceil(bytes.length / most);
    for (let at = 0; at < count; at++) {
      const own = `${path}/${String(at).padStart(8, '0')}`;
      await this.#client.create(own, piece(own, bytes.subarray(at * most, (at + 1) * most)), this.#read);
    }
    await this.#client.set(path, Buffer.from(String(count)));
  }
}

function parsed(data: Buffer, path: string): unknown {
  try {
    return JSON.parse(data.toString());
  } catch (cause) {
    throw new KollageError(
      { code: 'KLG-508', message: `ZooKeeper: a node below ${path} is none of ours` },
      { cause },
    );
  }
}
