import type { ResourceKey } from '../../model/resource.ts';
import { baseOf } from '../side.ts';
import { criticalPath, type Step, wayTo } from './critical.ts';
import type { Needs } from './needs.ts';
import type { Process, Track } from './track.ts';

/** What decides, as far as can be told now, when a run ends. */
export interface Emerging {
  /** Up to the process that everything waits for now; that is the last step. */
  readonly steps: readonly Step[];
  /** What follows it, in order. */
  readonly ahead: readonly Process[];
}

/**
 * The critical path as it emerges at a time: of the unfinished processes that wait for no other unfinished one, that with the longest chain of
 * others waiting for it (of several the one that began first), the way to it, and that chain. When all have ended, the critical path.
 */
export function emergingPath(run: Track, needs: Needs, now: number): Emerging {
  const open = new Map<string, Process>();
  for (const process of run.processes.values()) if (!ended(process)) open.set(baseOf(process.key), process);
  if (open.size === 0) return { steps: criticalPath(run, needs), ahead: [] };
  const waiters = new Map<ResourceKey, Process[]>();
  const held = new Set<Process>();
  for (const [key, process] of open) {
    // What runs, or stops, waits no more, whatever it needed.
    if (process.phase === 'running' || process.phase === 'stopping') continue;
    for (const need of needs.of.get(key) ?? []) {
      if (!open.has(need)) continue;
      held.add(process);
      waiters.set(need, [...(waiters.get(need) ?? []), process]);
    }
  }
  const chain = longest(waiters);
  let first: Process | undefined;
  for (const process of open.values()) {
    if (held.has(process)) continue;
    if (!first || chain(process).length > chain(first).length || earlier(process, first, chain))
      first = process;
  }
  return first ? { steps: wayTo(first, run, needs, now), ahead: chain(first) } : { steps: [], ahead: [] };
}

function ended({ phase }: Process): boolean {
  return phase === 'done' || phase === 'failed';
}

function earlier(one: Process, other: Process, chain: (process: Process) => readonly Process[]): boolean {
  const begin = (process: Process) => process.startedAt ?? Number.POSITIVE_INFINITY;
  return chain(one).length === chain(other).length && begin(one) < begin(other);
}

/** The longest chain of those that wait for a process. Needs in a circle end where they come back to themselves. */
function longest(waiters: ReadonlyMap<string, readonly Process[]>): (process: Process) => readonly Process[] {
  const known = new Map<Process, readonly Process[]>();
  const chain = (process: Process): readonly Process[] => {
    const before = known.get(process);
    if (before) return before;
    known.set(process, []);
    const ways = (waiters.get(baseOf(process.key)) ?? []).map((next) => [next, ...chain(next)]);
    const best = ways.reduce<Process[]>((most, way) => (way.length > most.length ? way : most), []);
    known.set(process, best);
    return best;
  };
  return chain;
}
