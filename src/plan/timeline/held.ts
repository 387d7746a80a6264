import { baseOf } from '../side.ts';
import type { Needs } from './needs.ts';
import type { Process, Track } from './track.ts';
import { waitsFor } from './track.ts';

/**
 * What holds a process up: what it reports, by the names of its needs; before its first report (or when its container was there before
 * the run, and has reported long ago) the ids of what it needs and what has not ended in this run. Empty for what has started.
 */
export function heldBy(process: Process, { processes }: Track, needs: Needs): readonly string[] {
  const reported = waitsFor(process);
  if (reported.length > 0 || process.phase !== 'created') return reported;
  const wanted = new Set<string>(needs.of.get(baseOf(process.key)) ?? []);
  return [...processes.values()].flatMap((other) =>
    wanted.has(baseOf(other.key)) && other.phase !== 'done' ? [other.id] : [],
  );
}
