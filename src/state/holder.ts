import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { KollageError } from '../model/error.ts';
import { startOf } from './lock.ts';

/** Who holds the lock of a deployment, where several machines may. */
export const holder = z.object({
  host: z.string(),
  pid: z.number(),
  /** Since when that process runs there (`startOf`). */
  started: z.string(),
  /** What tells this machine, since it was started, and the numbering of its processes, from all others. */
  machine: z.string(),
  id: z.string(),
});

export type Holder = z.infer<typeof holder>;

/** This process, as it holds a lock once. */
export function newHolder(): Holder {
  return {
    host: hostname(),
    pid: process.pid,
    started: startOf(process.pid) ?? '',
    machine: thisMachine(),
    id: randomUUID(),
  };
}

/** Only of a process that we could see can we say so. */
export function isDead({ machine, pid, started }: Holder): boolean {
  return machine === thisMachine() && startOf(pid) !== started;
}

/** Another boot of it, and another namespace of process ids on it, are others (proc(5), random(4)). */
function thisMachine(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return randomUUID();
  }
}

/** That somebody else has it, since then (milliseconds since the epoch). */
export function busy(other: Holder | undefined, since: number): KollageError {
  const who = other ? `process ${other.pid} on ${other.host}` : 'somebody';
  return new KollageError({
    code: 'KLG-503',
    message: `another kollage works on this deployment: ${who}, since ${new Date(since).toISOString()}`,
  });
}
