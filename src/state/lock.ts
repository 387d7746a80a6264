import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import type { LockHolder } from './store.ts';

/**
 * Null when the lock is ours now, else who has it. A holder on this host that is dead, or another process by now, has lost it. To be called inside
 * a transaction.
 */
export function takeLock(database: DatabaseSync): LockHolder | null {
  const row = database.prepare('SELECT * FROM lock').get();
  if (row) {
    const holder = { host: String(row['host']), pid: Number(row['pid']), since: Number(row['since']) };
    if (holder.host !== hostname() || startOf(holder.pid) === row['started']) return holder;
  }
  database
    .prepare('INSERT OR REPLACE INTO lock VALUES (1, ?, ?, ?, ?)')
    .run(hostname(), process.pid, startOf(process.pid) ?? '', Date.now());
  return null;
}

/** Gives the lock back, if it is this process's. */
export function releaseLock(database: DatabaseSync): void {
  database.prepare('DELETE FROM lock WHERE host = ? AND pid = ?').run(hostname(), process.pid);
}

/** When a process started, in ticks since boot (proc(5), stat, field 22): with the pid it names one process for good. */
function startOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
