import type { KollageEvent } from '../../model/event.ts';
import type { Desired } from '../../model/resource.ts';
import { criticalPath, lastNeed } from './critical.ts';
import { needsOf } from './needs.ts';
import { type Process, type Track, trackAll, withStarts } from './track.ts';

/** A process in a timeline. Times are seconds since the run's start, to the millisecond; null for what never came. */
export interface TimelineRow {
  readonly id: string;
  readonly kind: 'workload' | 'task';
  readonly outcome: 'done' | 'failed' | 'unfinished';
  readonly created: number;
  readonly waiting: readonly { readonly need: string; readonly from: number; readonly to: number | null }[];
  readonly started: number | null;
  /** When it was healthy, or had ended. */
  readonly ended: number | null;
  /** What it waited for last: the id of a process of the same run. */
  readonly after: string | null;
  readonly critical: boolean;
  /** How often its process ended badly. */
  readonly deaths: number;
  readonly message: string;
}

export interface Timeline {
  readonly deployment: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly seconds: number;
  /** Null when the run was cut off. */
  readonly outcome: Track['outcome'];
  /** By start, then end. */
  readonly processes: readonly TimelineRow[];
  /** Adds up to the seconds until the last of them had ended. */
  readonly criticalPath: readonly { readonly id: string; readonly seconds: number }[];
  /** The longest from start to end, needs not counted. */
  readonly slowest: readonly { readonly id: string; readonly seconds: number }[];
}

/** How many of the slowest a timeline names. */
const slow = 5;

/** When what happened in the run of these events, which led to `desired`: who waited for whom, and for what the time passed. */
export function makeTimeline(events: readonly KollageEvent[], desired: Pick<Desired, 'resources'>): Timeline {
  const needs = needsOf(desired);
  const run = withStarts(trackAll(events), needs.of);
  const start = run.startedAt ?? 0;
  const since = (at: number) => (at - start) / 1000;
  const sinceOr = (at: number | null) => (at === null ? null : since(at));
  const path = criticalPath(run, needs);
  const critical = new Set(path.map((step) => step.process));
  const all = [...run.failures, ...run.processes.values()];
  const row = (process: Process): TimelineRow => ({
    id: process.id,
    kind: process.kind,
    outcome: process.phase === 'done' || process.phase === 'failed' ? process.phase : 'unfinished',
    created: since(process.createdAt),
    waiting: process.waits.map(({ need, from, to }) => ({ need, from: since(from), to: sinceOr(to) })),
    started: sinceOr(process.startedAt),
    ended: sinceOr(process.endedAt),
    after: lastNeed(process, run, needs)?.id ?? null,
    critical: critical.has(process),
    deaths: process.deaths,
    message: process.message,
  });
  const last = Math.max(start, run.endedAt ?? 0, ...events.map((event) => event.at));
  return {
    deployment: run.deployment,
    startedAt: start,
    seconds: since(last),
    outcome: run.outcome,
    processes: all.map(row).sort(byStart),
    criticalPath: path.map(({ process, milliseconds }) => ({ id: process.id, seconds: milliseconds / 1000 })),
    slowest: all
      .flatMap(({ id, startedAt, endedAt }) =>
        startedAt === null || endedAt === null ? [] : [{ id, seconds: (endedAt - startedAt) / 1000 }],
      )
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, slow),
  };
}

function byStart(a: TimelineRow, b: TimelineRow): number {
  const late = Number.POSITIVE_INFINITY;
  const order = (x: number | null, y: number | null) =>
    (x ?? late) === (y ?? late) ? 0 : (x ?? late) - (y ?? late);
  return order(a.started, b.started) || order(a.ended, b.ended) || (a.id < b.id ? -1 : 1);
}
