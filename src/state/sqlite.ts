import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { gunzipSync, gzipSync } from 'node:zlib';
import { KollageError, messageOf } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';
import { hasState, makeHome, stateFile } from './home.ts';
import { releaseLock, takeLock } from './lock.ts';
import { prepareSchema } from './schema.ts';
import {
  identityOf,
  type JournalEntry,
  type NewRevision,
  type Pause,
  type Revision,
  type RevisionHead,
  type RevisionStatus,
  type StateStore,
} from './store.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

const heads = 'number, at, ended, by, why, base, status, failure, fingerprint';

/** State in one SQLite file in the deployment's folder. Every write is durable before the act that it announces. */
export class SqliteStore implements StateStore {
  readonly #database: DatabaseSync;

  constructor(deployment: string) {
    const path = join(makeHome(deployment), stateFile);
    try {
      this.#database = new DatabaseSync(path);
      // It holds secrets, as the configuration beside it does.
      chmodSync(path, 0o600);
      prepareSchema(this.#database);
    } catch (cause) {
      throw broken(path, cause);
    }
  }

  /** The state of a deployment that has one; null where nothing was ever applied. Makes no file. */
  static existing(deployment: string): SqliteStore | null {
    return hasState(deployment) ? new SqliteStore(deployment) : null;
  }

  async lock(): Promise<AsyncDisposable> {
    const holder = this.#transaction(() => takeLock(this.#database));
    if (holder === null) return { [Symbol.asyncDispose]: async () => releaseLock(this.#database) };
    throw new KollageError({
      code: 'KLG-503',
      message: `another kollage works on this deployment: process ${holder.pid} on ${holder.host}, since ${new Date(holder.since).toISOString()}`,
    });
  }

  async last(): Promise<Revision | null> {
    return this.#one("SELECT * FROM revision WHERE status = 'done' ORDER BY number DESC LIMIT 1");
  }

  async unfinished(): Promise<Revision | null> {
    const newest = await this.revision();
    return newest && newest.status !== 'done' && newest.status !== 'reverted' ? newest : null;
  }

  async revision(number?: number): Promise<Revision | null> {
    return number === undefined
      ? this.#one('SELECT * FROM revision ORDER BY number DESC LIMIT 1')
      : this.#one('SELECT * FROM revision WHERE number = ?', number);
  }

  async history(): Promise<readonly RevisionHead[]> {
    return this.#database.prepare(`SELECT ${heads} FROM revision ORDER BY number`).all().map(headOf);
  }

  async quarantined(identity: string): Promise<RevisionHead | null> {
    const row = this.#database
      .prepare(`SELECT ${heads} FROM revision WHERE identity = ? ORDER BY number DESC LIMIT 1`)
      .get(identity);
    const newest = row && headOf(row);
    return newest?.status === 'reverted' && newest.failure !== null ? newest : null;
  }

  async secrets(number: number): Promise<ReadonlyMap<string, string>> {
    const row = this.#database.prepare('SELECT secrets FROM revision WHERE number = ?').get(number);
    return new Map(Object.entries(unpacked<Record<string, string>>(row?.['secrets']) ?? {}));
  }

  async begin(revision: NewRevision): Promise<number> {
    const { desired, by, why, base, continues, notes = [] } = revision;
    const before = continues === null ? [] : await this.journal(continues);
    return this.#transaction(() => {
      const { lastInsertRowid } = this.#database
        .prepare(
          `INSERT INTO revision (at, by, why, base, status, desired, fingerprint, identity, images, secrets)
           VALUES (?, ?, ?, ?, 'applying', ?, ?, ?, ?, ?)`,
        )
        .run(
          Date.now(),
          by,
          why,
          base,
          pack(desired),
          desired.fingerprint,
          identityOf(revision, [...before, ...notes]),
          pack(revision.images),
          pack(revision.secrets),
        );
      const number = Number(lastInsertRowid);
      if (continues !== null) {
        this.#mark(continues, 'failed', `given up for revision ${number}`);
        this.#database
          .prepare(
            'INSERT INTO journal (revision, entry) SELECT ?, entry FROM journal WHERE revision = ? ORDER BY rowid',
          )
          .run(number, continues);
      }
      const note = this.#database.prepare('INSERT INTO journal (revision, entry) VALUES (?, ?)');
      for (const entry of notes) note.run(number, JSON.stringify(entry));
      return number;
    });
  }

  async mark(number: number, status: RevisionStatus, failure?: string): Promise<void> {
    this.#transaction(() => this.#mark(number, status, failure ?? null));
  }

  async note(number: number, entry: JournalEntry): Promise<void> {
    this.#transaction(() =>
      this.#database
        .prepare('INSERT INTO journal (revision, entry) VALUES (?, ?)')
        .run(number, JSON.stringify(entry)),
    );
  }

  async journal(number: number): Promise<readonly JournalEntry[]> {
    return this.#lines<JournalEntry>(
      'SELECT entry AS line FROM journal WHERE revision = ? ORDER BY rowid',
      number,
    );
  }

  record(number: number, event: KollageEvent): void {
    try {
      // Whole after a kill, for the kernel has it; not worth waiting for the disk.
      this.#database.exec('PRAGMA synchronous = OFF');
      this.#database
        .prepare('INSERT INTO event (revision, event) VALUES (?, ?)')
        .run(number, JSON.stringify(event));
    } catch {
      // A full disk is told by what must be durable.
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  async timeline(number: number): Promise<readonly KollageEvent[]> {
    return this.#lines<KollageEvent>(
      'SELECT event AS line FROM event WHERE revision = ? ORDER BY rowid',
      number,
    );
  }

  async paused(): Promise<Pause | null> {
    const row = this.#database
      .prepare('SELECT * FROM pause WHERE until IS NULL OR until > ?')
      .get(Date.now());
    if (!row) return null;
    const until = row['until'] === null ? null : Number(row['until']);
    return { by: String(row['by']), why: String(row['why']), until };
  }

  async pause(pause: Pause | null): Promise<void> {
    if (pause === null) this.#database.exec('DELETE FROM pause');
    else {
      const insert = this.#database.prepare(
        'INSERT OR REPLACE INTO pause (one, by, why, until) VALUES (1, ?, ?, ?)',
      );
      insert.run(pause.by, pause.why, pause.until);
    }
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  #one(query: string, ...values: readonly number[]): Revision | null {
    const row = this.#database.prepare(query).get(...values);
    const desired = row && unpacked<Desired>(row['desired']);
    return row && desired ? { ...headOf(row), desired, images: unpacked(row['images']) ?? {} } : null;
  }

  /** Only `JSON.stringify` of the same type writes these columns. */
  #lines<T>(query: string, number: number): T[] {
    const rows = this.#database.prepare(query).all(number);
    return rows.map((row) => JSON.parse(String(row['line'])) as T);
  }

  #mark(number: number, status: RevisionStatus, failure: string | null): void {
    const ended = status === 'applying' || status === 'reverting' ? null : Date.now();
    this.#database
      .prepare('UPDATE revision SET status = ?, ended = ?, failure = coalesce(?, failure) WHERE number = ?')
      .run(status, ended, failure, number);
  }

  /** All of it or nothing. Throws KLG-508 when it cannot be written. */
  #transaction<T>(work: () => T): T {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = work();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error instanceof KollageError ? error : broken(this.#database.location() ?? stateFile, error);
    }
  }
}

function broken(path: string, cause: unknown): KollageError {
  return new KollageError({ code: 'KLG-508', message: `${path}: ${messageOf(cause)}` }, { cause });
}

const statuses: readonly RevisionStatus[] = ['applying', 'reverting', 'done', 'failed', 'reverted'];

function headOf(row: Row): RevisionHead {
  const numberOr = (name: string) => (row[name] === null ? null : Number(row[name]));
  return {
    number: Number(row['number']),
    at: Number(row['at']),
    endedAt: numberOr('ended'),
    by: String(row['by']),
    why: String(row['why']),
    base: numberOr('base'),
    status: statuses.find((status) => status === row['status']) ?? 'failed',
    failure: row['failure'] === null ? null : String(row['failure']),
    fingerprint: String(row['fingerprint']),
  };
}

function pack(data: unknown): Uint8Array {
  return gzipSync(JSON.stringify(data));
}

/** Only `pack` writes these columns, so what comes back is what went in; undefined for a column without a value. */
function unpacked<T>(bytes: SQLOutputValue | undefined): T | undefined {
  return bytes instanceof Uint8Array ? (JSON.parse(gunzipSync(bytes).toString()) as T) : undefined;
}
