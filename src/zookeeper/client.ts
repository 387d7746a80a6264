import { setTimeout as pause } from 'node:timers/promises';
import type { Server } from './connection.ts';
import { code, ignoring, is, type ZooKeeperError } from './errors.ts';
import type { JuteReader, JuteWriter } from './jute.ts';
import {
  type Acls,
  type Credentials,
  type Node,
  type Op,
  opcode,
  readMulti,
  readStat,
  type Stat,
  writeMulti,
} from './protocol.ts';
import { Session } from './session.ts';
import type { Watcher, WatchKind } from './watches.ts';

export interface ClientOptions {
  readonly servers: readonly Server[];
  readonly credentials?: readonly Credentials[];
  /** Milliseconds; see `Session`. */
  readonly timeout?: number;
  readonly patience?: number;
}

/**
 * A client of ZooKeeper. What it is asked is done or fails for a reason that ZooKeeper gives: when a connection breaks with a question in it, the question
 * is asked again; and when it breaks with a change in it, whether that was made is looked up: for as long as there is patience. Reads see what was
 * written before they began, by whomever (`sync`). Throws ZooKeeperError, UnreachableError and TooLargeError.
 */
export class ZooKeeperClient {
  readonly session: Session;
  readonly #patience: number;

  constructor({ servers, credentials = [], timeout = 10_000, patience = 15_000 }: ClientOptions) {
    this.session = new Session({ servers, credentials, timeout, patience });
    this.#patience = patience;
  }

  /** A node and its data; null when it is not there, which can be watched too. */
  async get(path: string, watcher?: Watcher): Promise<Node | null> {
    const there = await this.#read(
      opcode.getData,
      path,
      watcher,
      ['data', null],
      (from): Node => ({
        data: from.bytes(),
        stat: readStat(from),
      }),
    );
    if (there !== null || watcher === undefined) return there;
    // Only `exists` watches what is not there. By now it may be.
    return (await this.exists(path, watcher)) === null ? null : this.get(path);
  }

  exists(path: string, watcher?: Watcher): Promise<Stat | null> {
    return this.#read(opcode.exists, path, watcher, ['data', 'exists'], readStat);
  }

  /** The names of its children, sorted; null when it is not there, which cannot be watched. */
  children(path: string, watcher?: Watcher): Promise<string[] | null> {
    return this.#read(opcode.getChildren2, path, watcher, ['children', null], (from) => {
      const names = from.list(() => from.text());
      readStat(from);
      return names.sort();
    });
  }

  create(path: string, data: Uint8Array, acl: Acls, { ephemeral = false } = {}): Promise<void> {
    return this.multi([{ type: 'create', path, data, acl, ephemeral }]);
  }

  /** Version: the one that is expected to be there, -1 for any. */
  set(path: string, data: Uint8Array, version = -1): Promise<void> {
    return this.multi([{ type: 'set', path, data, version }]);
  }

  remove(path: string, version = -1): Promise<void> {
    return this.multi([{ type: 'remove', path, version }]);
  }

  /**
   * All of the changes or none of them. Throws the error of the first that cannot be made; after UnreachableError, and ZooKeeperError with
   * `connectionLoss`, nobody knows.
   */
  async multi(ops: readonly Op[]): Promise<void> {
    const end = performance.now() + this.#patience;
    for (let unknown = false; ; ) {
      try {
        return await this.session.request({
          op: opcode.multi,
          path: ops[0]?.path ?? '',
          write: writeMulti(ops),
          read: (from) => readMulti(from, ops),
        });
      } catch (error) {
        if (unknown && !isLoss(error) && (await this.#isMade(ops))) return;
        if (!isLoss(error) || performance.now() > end) throw error;
        unknown = true;
        await pause(10);
      }
    }
  }

  /** Makes a node and those above it that are not there; what is there stays as it is. */
  async make(path: string, acl: Acls): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'));
    const create = () => ignoring([code.nodeExists], () => this.create(path, Buffer.alloc(0), acl));
    try {
      await create();
    } catch (error) {
      if (!is(error, code.noNode) || parent === '') throw error;
      await this.make(parent, acl);
      await create();
    }
  }

  /** Removes a node and all below it; nothing when it is not there. */
  async removeAll(path: string): Promise<void> {
    for (;;) {
      for (const name of (await this.children(path)) ?? []) await this.removeAll(`${path}/${name}`);
      try {
        await this.remove(path);
        return;
      } catch (error) {
        if (is(error, code.noNode)) return;
        // Somebody has made one more meanwhile.
        if (!is(error, code.notEmpty)) throw error;
      }
    }
  }

  close(): Promise<void> {
    return this.session.close();
  }

  /** Whether changes that were perhaps made, were. Data that others could have written alike tells nothing; ours has numbers of its own. */
  async #isMade(ops: readonly Op[]): Promise<boolean> {
    for (const op of ops) {
      if (op.type === 'check') continue;
      const there = await this.get(op.path);
      if (op.type === 'remove') {
        if (there !== null) return false;
        continue;
      }
      if (there === null || !there.data.equals(op.data)) return false;
      if (op.type === 'create' && op.ephemeral && there.stat.ephemeralOwner !== this.session.id) return false;
      if (op.type === 'set' && op.version !== -1 && there.stat.version !== op.version + 1) return false;
    }
    return true;
  }

  async #read<T>(
    op: number,
    path: string,
    watcher: Watcher | undefined,
    /** What is watched where the node is there, and where it is not. */
    [there, missing]: readonly [WatchKind, WatchKind | null],
    read: (from: JuteReader) => T,
  ): Promise<T | null> {
    const watched = (kind: WatchKind | null) => {
      if (watcher && kind) this.session.watches.add(kind, path, watcher);
    };
    const write = (into: JuteWriter) => into.text(path).bool(watcher !== undefined);
    const end = performance.now() + this.#patience;
    for (;;) {
      try {
        // Requests are answered in their order: what the server knows when it answers the first, the second sees.
        const synced = this.session.request({
          op: opcode.sync,
          path,
          write: (into) => into.text(path),
          read: (from) => from.text(),
        });
        const answer = this.session.request<T | null>({
          op,
          path,
          write,
          read: (from) => {
            watched(there);
            return read(from);
          },
          missing: () => {
            watched(missing);
            return null;
          },
        });
        const [, value] = await Promise.all([synced, answer]);
        return value;
      } catch (error) {
        if (!isLoss(error) || performance.now() > end) throw error;
        await pause(10);
      }
    }
  }
}

function isLoss(error: unknown): error is ZooKeeperError {
  return is(error, code.connectionLoss, code.sessionExpired);
}

/** `zk1:2181,zk2:2181` as servers; ZooKeeper's own port where none is given. */
export function serversOf(text: string): Server[] {
  return text.split(',').map((one) => {
    const [, host = '', port = '2181'] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(one.trim()) ?? [];
    return { host, port: Number(port) };
  });
}
