import { createHash } from 'node:crypto';
import { ZooKeeperError } from './errors.ts';
import { type JuteReader, JuteWriter } from './jute.ts';

/*
 * The requests that we make and their answers (apache/zookeeper, zookeeper.jute, ZooDefs.java). None is younger than ZooKeeper 3.4, which DC/OS has.
 */

export const opcode = {
  exists: 3,
  getData: 4,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  multi: 14,
  auth: 100,
  setWatches: 101,
  close: -11,
} as const;

/** Numbers of answers that belong to no request of ours (ClientCnxn.java). */
export const reserved = { watch: -1, ping: -2, auth: -4, setWatches: -8 } as const;

/** What is known of a node beside its data. */
export interface Stat {
  /** The change that made it. */
  readonly czxid: bigint;
  readonly mzxid: bigint;
  /** Milliseconds since the epoch, by the clock of the server that led then. */
  readonly ctime: number;
  readonly mtime: number;
  /** Counts changes of its data. */
  readonly version: number;
  /** The session with which it goes away; 0 where it stays. */
  readonly ephemeralOwner: bigint;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface Node {
  readonly data: Buffer;
  readonly stat: Stat;
}

export const permission = { read: 1, write: 2, create: 4, remove: 8, admin: 16, all: 31 } as const;

/** Who may do what with a node; children have lists of their own. */
export interface Acl {
  readonly permissions: number;
  readonly scheme: 'world' | 'digest';
  readonly id: string;
}

export type Acls = readonly Acl[];

/** Everybody. */
export function anyone(permissions: number): Acl {
  return { permissions, scheme: 'world', id: 'anyone' };
}

/** Who shows this password: in the list stands its hash (DigestAuthenticationProvider.java). */
export function digest(permissions: number, { user, password }: Credentials): Acl {
  const hash = createHash('sha1').update(`${user}:${password}`).digest('base64');
  return { permissions, scheme: 'digest', id: `${user}:${hash}` };
}

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** One change; those that are made together are made all or none. Versions: the one that is expected, -1 for any. */
export type Op =
  | {
      readonly type: 'create';
      readonly path: string;
      readonly data: Uint8Array;
      readonly acl: Acls;
      readonly ephemeral?: boolean;
    }
  | { readonly type: 'set'; readonly path: string; readonly data: Uint8Array; readonly version: number }
  | { readonly type: 'remove'; readonly path: string; readonly version: number }
  | { readonly type: 'check'; readonly path: string; readonly version: number };

const types = { create: 1, remove: 2, set: 5, check: 13 } as const;

export function writeMulti(ops: readonly Op[]): (into: JuteWriter) => void {
  return (into) => {
    for (const op of ops) {
      into.int(types[op.type]).bool(false).int(-1).text(op.path);
      if (op.type === 'create') {
        into.bytes(op.data);
        into.list(op.acl, ({ permissions, scheme, id }) => into.int(permissions).text(scheme).text(id));
        into.int(op.ephemeral ? 1 : 0);
      } else {
        if (op.type === 'set') into.bytes(op.data);
        into.int(op.version);
      }
    }
    into.int(-1).bool(true).int(-1);
  };
}

/** Throws what went wrong: the first of all that is not because of another one. */
export function readMulti(from: JuteReader, ops: readonly Op[]): void {
  const failed: ZooKeeperError[] = [];
  for (let at = 0; ; at++) {
    const type = from.int();
    if (from.bool()) break;
    const error = from.int();
    if (type === -1) {
      const number = from.int() || error;
      // 0: done, and taken back; -2: not tried, because of another.
      if (number !== 0 && number !== -2) failed.push(new ZooKeeperError(number, ops[at]?.path ?? ''));
    } else if (type === types.create) from.text();
    else if (type === types.set) readStat(from);
  }
  if (failed[0]) throw failed[0];
}

export function readStat(from: JuteReader): Stat {
  const [czxid, mzxid, ctime, mtime] = [from.long(), from.long(), from.long(), from.long()];
  const version = from.int();
  from.int();
  from.int();
  const ephemeralOwner = from.long();
  const [dataLength, numChildren] = [from.int(), from.int()];
  from.long();
  return {
    czxid,
    mzxid,
    ctime: Number(ctime),
    mtime: Number(mtime),
    version,
    ephemeralOwner,
    dataLength,
    numChildren,
  };
}

/** What a session is opened, or taken up again, with. */
export interface SessionId {
  /** 0: a new one. */
  readonly id: bigint;
  readonly secret: Buffer;
  /** Milliseconds; the server may choose another. 0: it has expired. */
  readonly timeout: number;
}

export const noSession: Omit<SessionId, 'timeout'> = { id: 0n, secret: Buffer.alloc(16) };

export function connectRequest({ id, secret, timeout }: SessionId, lastSeen: bigint): Buffer {
  // Version 0; not read-only: a server without a quorum is none.
  return new JuteWriter().int(0).long(lastSeen).int(timeout).long(id).bytes(secret).bool(false).frame();
}

export function readConnectAnswer(from: JuteReader): SessionId {
  from.int();
  const timeout = from.int();
  return { timeout, id: from.long(), secret: from.bytes() };
}
