import { baseOf } from '../side.ts';
import type { Needs } from './needs.ts';
import type { Process, Track } from './track.ts';

/** A part of a way: a process, and the milliseconds of the run that passed for it. */
export interface Step {
  readonly process: Process;
  readonly milliseconds: number;
}

/**
 * What a process waited for last, among what came up in the same run; null when it waited for none of that. What its last report
 * named is believed first (the start program reports at most once a second, so it may name several); of these, or of all its needs when there was no
 * report, the one that was there last.
 */
export function lastNeed(process: Process, { processes }: Track, needs: Needs): Process | null {
  const wanted = new Set<string>(needs.of.get(baseOf(process.key)) ?? []);
  const end = process.startedAt ?? process.endedAt;
  const unmet = new Set<string>(
    process.waits.flatMap((wait) =>
      wait.to !== null && wait.to === end ? [needs.named.get(wait.need) ?? ''] : [],
    ),
  );
  const candidates = [...processes.values()].filter(
    (other) => other !== process && wanted.has(baseOf(other.key)),
  );
  const named = candidates.filter((other) => unmet.has(baseOf(other.key)));
  return latest(named.length > 0 ? named : candidates.filter((other) => other.endedAt !== null));
}

/**
 * The critical path of a run: from what ended last back over what each one waited for last. Its milliseconds add up to the whole time from the
 * run's start. Empty when nothing has ended.
 */
export function criticalPath(run: Track, needs: Needs): readonly Step[] {
  const last = latest([...run.processes.values()].filter((process) => process.endedAt !== null));
  return last ? wayTo(last, run, needs, last.endedAt ?? 0) : [];
}

/** The way to a process: what it waited for last, what that waited for, and so on; itself at the end, at the time `now`. */
export function wayTo(process: Process, run: Track, needs: Needs, now: number): readonly Step[] {
  const way: Step[] = [];
  const seen = new Set<Process>();
  let until = now;
  for (let at: Process | null = process; at && !seen.has(at); ) {
    seen.add(at);
    const before: Process | null = lastNeed(at, run, needs);
    // An endpoint answers a moment before we find it healthy: then the next one's start is when it was there.
    const from: number = before
      ? Math.min(before.endedAt ?? until, at.startedAt ?? until, until)
      : (run.startedAt ?? at.createdAt);
    way.unshift({ process: at, milliseconds: Math.max(0, until - from) });
    until = from;
    at = before && !seen.has(before) ? before : null;
  }
  return way;
}

/** What ended last; what has not ended yet is later than all that has. */
function latest(processes: readonly Process[]): Process | null {
  const end = ({ endedAt }: Process) => endedAt ?? Number.POSITIVE_INFINITY;
  return processes.reduce<Process | null>(
    (last, process) => (last && end(last) >= end(process) ? last : process),
    null,
  );
}
