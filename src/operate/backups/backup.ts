import { z } from '../../model/zod.ts';

/** A backup as its manifest describes it (images/backups/README.md). Which other keys it has is later versions' business. */
const whole = z.object({
  id: z.string(),
  deployment: z.string(),
  service: z.string(),
  /** Milliseconds since the epoch, when it was begun. */
  at: z.number(),
  release: z.string(),
  /** The revision that ran. */
  revision: z.number(),
  /** What the service told of itself, such as the version of its server. */
  facts: z.record(z.string(), z.string()),
  files: z.array(z.object({ name: z.string(), size: z.number() })),
});
const broken = z.object({ id: z.string(), broken: z.string() });

export const manifest = whole;
/** What a list of backups holds: one that cannot be used says why. */
export const listed = z.array(z.union([whole, broken, z.object({ id: z.string() }).transform(unreadable)]));

export type Backup = z.infer<typeof whole>;
export type Listed = z.infer<typeof listed>[number];

function unreadable({ id }: { id: string }) {
  return { id, broken: 'its manifest is not complete' };
}

export function isWhole(backup: Listed): backup is Backup {
  return !('broken' in backup);
}

/** Bytes. */
export function sizeOf({ files }: Backup): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** `mariadb-20261125T223519Z`: sorts by time, and is a name everywhere. */
export function idFor(service: string, at: number): string {
  return `${service}-${stamp(at)}`;
}

/** A moment, to the second, in letters and digits (ISO 8601, basic format). */
export function stamp(at: number): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
}
