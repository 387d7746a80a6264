import { z } from 'zod';
import type { ZooKeeperClient } from '../../zookeeper/client.ts';
import { type Acls, digest, permission } from '../../zookeeper/protocol.ts';
import type { StoreKey } from '../../zookeeper/seal.ts';
import type { Watcher } from '../../zookeeper/watches.ts';
import { filledShape } from '../outdated.ts';
import type { Znodes } from './znodes.ts';

/** What the engine keeps for itself, each in a node that only it may see: a text by name. */
export type Own = 'volumes' | 'deployments' | 'runs' | 'framework';

/** How a task ended (images/start/README.md). */
const ending = z.looseObject({
  state: z.enum(['done', 'failed']),
  exitCode: z.number(),
  instance: z.string().default(''),
});

/** What an instance waits for, or that it has begun. */
const report = z.looseObject({
  id: z.string(),
  instance: z.string(),
  node: z.string(),
  state: z.enum(['waiting', 'started', 'timed-out']),
  at: z.string(),
  needs: z.array(z.looseObject({ need: z.string(), metAfterSeconds: z.number().nullish() })),
  filled: filledShape.optional(),
});

export type Ending = z.infer<typeof ending>;
export type Report = z.infer<typeof report>;

/** Records in ZooKeeper: those of containers, which the engine reads, and its own (docs/zookeeper.md). */
export class Records {
  readonly #client: ZooKeeperClient;
  readonly #znodes: Znodes;
  /** For what nobody but the owner may see. */
  readonly #owners: Acls;
  /** For what containers may read. */
  readonly #members: Acls;

  constructor(client: ZooKeeperClient, znodes: Znodes, key: StoreKey) {
    this.#client = client;
    this.#znodes = znodes;
    this.#owners = [digest(permission.all, key.owner)];
    this.#members = [...this.#owners, digest(permission.all & ~permission.admin, key.member)];
  }

  async own(kind: Own, name: string): Promise<string | null> {
    return (await this.#client.get(this.#znodes.path(kind, name)))?.data.toString() ?? null;
  }

  async owned(kind: Own): Promise<readonly string[]> {
    const names = (await this.#client.children(this.#znodes.path(kind))) ?? [];
    return names.map((name) => name.replaceAll('__', '/'));
  }

  /** Null takes it away. */
  async keep(kind: Own, name: string, value: string | null): Promise<void> {
    const path = this.#znodes.path(kind, name);
    if (value === null) return this.#client.removeAll(path);
    await this.#client.make(path, this.#owners);
    await this.#client.set(path, Buffer.from(value));
  }

  /** How a task with this fingerprint ended; null where it has not. */
  async ending(task: string, fingerprint: string): Promise<Ending | null> {
    return parsed(ending, await this.#client.get(this.#znodes.path('tasks', task, fingerprint)));
  }

  /** That a task is done, without a run. */
  async recordDone(task: string, fingerprint: string): Promise<void> {
    const path = this.#znodes.path('tasks', task, fingerprint);
    const at = new Date().toISOString();
    const record = { id: task, fingerprint, state: 'done', exitCode: 0, startedAt: at, endedAt: at };
    await this.#client.make(path, this.#members);
    await this.#client.set(
      path,
      Buffer.from(JSON.stringify({ ...record, instance: '', node: '', outputs: [] })),
    );
  }

  async forgetTask(task: string, fingerprint: string): Promise<void> {
    await this.#client.removeAll(this.#znodes.path('tasks', task, fingerprint));
  }

  /** The tasks that are done, by id and fingerprint. */
  async done(): Promise<{ readonly id: string; readonly fingerprint: string }[]> {
    const ids = (await this.#client.children(this.#znodes.path('tasks'))) ?? [];
    const all = await Promise.all(
      ids.map(async (name) => {
        const id = name.replaceAll('__', '/');
        const fingerprints = (await this.#client.children(this.#znodes.path('tasks', name))) ?? [];
        const ends = await Promise.all(fingerprints.map((one) => this.ending(id, one)));
        return fingerprints.flatMap((fingerprint, at) =>
          ends[at]?.state === 'done' ? [{ id, fingerprint }] : [],
        );
      }),
    );
    return all.flat();
  }

  /** What somebody has published; nothing where nobody has. */
  async outputs(id: string): Promise<Readonly<Record<string, string>>> {
    const shape = z.looseObject({ outputs: z.record(z.string(), z.string()) });
    return parsed(shape, await this.#client.get(this.#znodes.path('outputs', id)))?.outputs ?? {};
  }

  async publish(id: string, outputs: Readonly<Record<string, string>>): Promise<void> {
    const path = this.#znodes.path('outputs', id);
    await this.#client.make(path, this.#members);
    await this.#client.set(path, Buffer.from(JSON.stringify({ id, outputs })));
  }

  /** The names of those that tell what they wait for. */
  async reporting(watcher?: Watcher): Promise<readonly string[]> {
    return (await this.#client.children(this.#znodes.path('waiting'), watcher)) ?? [];
  }

  async report(instance: string, watcher?: Watcher): Promise<Report | null> {
    return parsed(report, await this.#client.get(this.#znodes.path('waiting', instance), watcher));
  }
}

function parsed<T>(shape: z.ZodType<T>, node: { readonly data: Buffer } | null): T | null {
  if (node === null || node.data.length === 0) return null;
  try {
    return shape.parse(JSON.parse(node.data.toString()));
  } catch {
    // Somebody else's, or just being written: what it says is not known.
    return null;
  }
}
