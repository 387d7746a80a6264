import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import type { LockHolder } from './store.ts';

/** The files whose lock this very process holds. */
const held = new Set<string | null>();

/**
 * Null when the lock is ours now, else who has it. A holder on this host that is dead, or another process by now, has lost it. To be called inside
 * a transaction.
 */
export function takeLock(database: DatabaseSync): LockHolder | null {
  const row = database.prepare('SELECT * FROM lock').get();
  if (row) {
    const holder = { host: String(row['host']), pid: Number(row['pid']), since: Number(row['since']) };
    const lives =
      holder.pid === process.pid ? held.has(database.location()) : startOf(holder.pid) === row['started'];
    if (holder.host !== hostname() || lives) return holder;
  }
  database
    .prepare('INSERT OR REPLACE INTO lock VALUES (1, ?, ?, ?, ?)')
    .run(hostname(), process.pid, startOf(process.pid) ?? '', Date.now());
  held.add(database.location());
  return null;
}

/** Gives the lock back, if it is this process's. On a full disk it stays in the file, where nobody heeds it. */
export function releaseLock(database: DatabaseSync): void {
  held.delete(database.location());
  try {
    database.prepare('DELETE FROM lock WHERE host = ? AND pid = ?').run(hostname(), process.pid);
  } catch {
    // What could not be written down has been said of what matters.
  }
}

/**
 * When a process started, in ticks since boot (proc(5), stat, field 22): with the pid it names one process for good. Null for one that is dead, also
 * where its parent has not yet asked how it ended (field 3: Z, X).
 */
export function startOf(pid: number): string | null {
  try {
    const [state = '', ...fields] =
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return /[ZX]/i.test(state) ? null : (fields[18] ?? null);
  } catch {
    return null;
  }
}
