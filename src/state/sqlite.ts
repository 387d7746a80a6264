import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { KollageError } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';
import { hasState, makeHome, stateFile } from './home.ts';
import type { LockHolder, Revision, StateStore } from './store.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS revision (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, by TEXT NOT NULL, status TEXT NOT NULL, desired BLOB NOT NULL, timeline BLOB
  ) STRICT;
  CREATE TABLE IF NOT EXISTS lock (one INTEGER PRIMARY KEY CHECK (one = 1), host TEXT NOT NULL, pid INTEGER NOT NULL, started TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
`;

/** State in one SQLite file in the deployment's folder. Every write is durable before the act that it announces. */
export class SqliteStore implements StateStore {
  readonly #database: DatabaseSync;

  constructor(deployment: string) {
    const path = join(makeHome(deployment), stateFile);
    try {
      this.#database = new DatabaseSync(path);
      this.#database.exec(schema);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new KollageError({ code: 'KLG-508', message: `${path}: ${message}` }, { cause });
    }
  }

  /** The state of a deployment that has one; null where nothing was ever applied. Makes no file. */
  static existing(deployment: string): SqliteStore | null {
    return hasState(deployment) ? new SqliteStore(deployment) : null;
  }

  async lock(): Promise<Disposable> {
    const holder = this.#take();
    if (holder === null) return { [Symbol.dispose]: () => this.#release() };
    throw new KollageError({
      code: 'KLG-503',
      message: `another kollage works on this deployment: process ${holder.pid} on ${holder.host}, since ${new Date(holder.since).toISOString()}`,
    });
  }

  async last(): Promise<Revision | null> {
    return this.#one("SELECT * FROM revision WHERE status = 'done' ORDER BY number DESC LIMIT 1");
  }

  async unfinished(): Promise<Revision | null> {
    const newest = this.#one('SELECT * FROM revision ORDER BY number DESC LIMIT 1');
    return newest && newest.status !== 'done' ? newest : null;
  }

  async revision(number?: number): Promise<Revision | null> {
    return number === undefined
      ? this.#one('SELECT * FROM revision ORDER BY number DESC LIMIT 1')
      : this.#one('SELECT * FROM revision WHERE number = ?', number);
  }

  async begin(desired: Desired, by: string): Promise<number> {
    const insert = this.#database.prepare(
      "INSERT INTO revision (at, by, status, desired) VALUES (?, ?, 'applying', ?)",
    );
    return Number(insert.run(Date.now(), by, pack(desired)).lastInsertRowid);
  }

  async end(number: number, status: 'done' | 'failed', timeline: readonly KollageEvent[]): Promise<void> {
    this.#database
      .prepare('UPDATE revision SET status = ?, timeline = ? WHERE number = ?')
      .run(status, pack(timeline), number);
  }

  async timeline(number: number): Promise<readonly KollageEvent[]> {
    const row = this.#database.prepare('SELECT timeline FROM revision WHERE number = ?').get(number);
    return row?.['timeline'] instanceof Uint8Array ? unpack<KollageEvent[]>(row['timeline']) : [];
  }

  close(): void {
    this.#database.close();
  }

  #one(query: string, ...values: readonly number[]): Revision | null {
    const row = this.#database.prepare(query).get(...values);
    if (!row || !(row['desired'] instanceof Uint8Array)) return null;
    const status = row['status'] === 'done' ? 'done' : row['status'] === 'failed' ? 'failed' : 'applying';
    return {
      number: Number(row['number']),
      at: Number(row['at']),
      by: String(row['by']),
      status,
      desired: unpack<Desired>(row['desired']),
    };
  }

  /** Null when the lock is ours now, else who has it. A holder on this host that is dead, or another process by now, has lost it. */
  #take(): LockHolder | null {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const row = this.#database.prepare('SELECT * FROM lock').get();
      if (row) {
        const holder = { host: String(row['host']), pid: Number(row['pid']), since: Number(row['since']) };
        if (holder.host !== hostname() || startOf(holder.pid) === row['started']) return holder;
      }
      this.#database
        .prepare('INSERT OR REPLACE INTO lock VALUES (1, ?, ?, ?, ?)')
        .run(hostname(), process.pid, startOf(process.pid) ?? '', Date.now());
      return null;
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  #release(): void {
    this.#database.prepare('DELETE FROM lock WHERE host = ? AND pid = ?').run(hostname(), process.pid);
  }
}

/** Who runs this command, for a revision's history. */
export function whoami(): string {
  return `${userInfo().username}@${hostname()}`;
}

/** When a process started, in ticks since boot (proc(5), stat, field 22): with the pid it names one process for good. */
function startOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function pack(data: unknown): Uint8Array {
  return gzipSync(JSON.stringify(data));
}

/** Only `pack` writes these columns, so what comes back is what went in. */
function unpack<T>(bytes: Uint8Array): T {
  return JSON.parse(gunzipSync(bytes).toString()) as T;
}
