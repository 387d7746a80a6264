import type { KollageEvent } from '../../model/event.ts';
import type { Action } from '../../model/plan.ts';
import type { ResourceKey } from '../../model/resource.ts';
import { baseOf } from '../side.ts';
import { idOf, shortNeed } from './names.ts';

/** One need, from when a process was first seen to wait for it until it no longer did. Milliseconds since the epoch. */
export interface Wait {
  readonly need: string;
  readonly from: number;
  readonly to: number | null;
}

/** How far a workload or task is. Times are milliseconds since the epoch; null for what has not come yet. */
export interface Process {
  readonly key: ResourceKey;
  readonly id: string;
  readonly kind: 'workload' | 'task';
  /** none: it is not changed, only waited for, because an earlier run did not see its end. */
  readonly action: Action;
  /** created: asked for, and nothing heard yet; running: its needs are met; stopping: it takes its time to; done: healthy, ended well, or gone. */
  readonly phase: 'created' | 'waiting' | 'running' | 'stopping' | 'done' | 'failed';
  readonly createdAt: number;
  readonly waits: readonly Wait[];
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** When it was told to stop last; null as long as that took no time. */
  readonly stoppingAt: number | null;
  /** How often its process has ended badly, and how last. */
  readonly deaths: number;
  readonly code: number | null;
  /** What it said that it has done. */
  readonly steps: readonly string[];
  /** Why it failed, and the last lines of its log; empty when it did not. */
  readonly message: string;
  readonly logs: readonly string[];
}

/** A run, as far as its events tell. */
export interface Track {
  readonly deployment: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly outcome: 'done' | 'failed' | 'interrupted' | 'reverted' | null;
  /** What failed before the change was taken back; `processes` are those of the way back then. */
  readonly failures: readonly Process[];
  readonly processes: ReadonlyMap<ResourceKey, Process>;
}

export const nothing: Track = {
  deployment: '',
  startedAt: null,
  endedAt: null,
  outcome: null,
  failures: [],
  processes: new Map(),
};

/** The run after one more event. Takes any order of events, such as the half of a run that was cut off. */
export function track(before: Track, event: KollageEvent): Track {
  if (event.type === 'run-started')
    return { ...before, deployment: event.deployment, startedAt: event.at, endedAt: null, outcome: null };
  if (event.type === 'run-ended') return { ...before, endedAt: event.at, outcome: event.outcome };
  if (event.type === 'taking-back') {
    const failed = [...before.processes.values()].filter(({ phase }) => phase === 'failed');
    return { ...before, failures: [...before.failures, ...failed], processes: new Map() };
  }
  const process = before.processes.get(event.key) ?? begun(event.key, event.at);
  const processes = new Map(before.processes).set(event.key, after(process, event));
  // What was begun of a change that is taken back does not come again.
  if (event.type === 'stopped' && process.kind === 'task') processes.delete(event.key);
  return { ...before, startedAt: before.startedAt ?? event.at, processes };
}

/** The run of these events. */
export function trackAll(events: readonly KollageEvent[]): Track {
  return events.reduce(track, nothing);
}

function begun(key: ResourceKey, at: number): Process {
  return {
    key,
    id: idOf(key),
    kind: key.startsWith('task:') ? 'task' : 'workload',
    action: 'none',
    phase: 'created',
    createdAt: at,
    waits: [],
    startedAt: null,
    endedAt: null,
    stoppingAt: null,
    deaths: 0,
    code: null,
    steps: [],
    message: '',
    logs: [],
  };
}

type Told = Exclude<KollageEvent, { type: 'run-started' | 'run-ended' | 'taking-back' }>;

function after(process: Process, event: Told): Process {
  const { at } = event;
  switch (event.type) {
    case 'change-started':
      return event.action === 'delete'
        ? { ...process, action: event.action, phase: 'running', startedAt: at }
        : { ...process, action: event.action };
    case 'waiting':
      return { ...process, phase: 'waiting', waits: waitsAfter(process.waits, event.needs, at) };
    case 'started':
      // The first start counts, so that a process that died on its way is as slow as it was.
      return {
        ...process,
        phase: 'running',
        startedAt: process.startedAt ?? at,
        waits: waitsAfter(process.waits, [], at),
      };
    case 'exited':
      if (event.code === 0 && process.kind === 'task') return { ...process, code: 0 };
      // Before its start it is the old container that ends, to give way.
      return process.startedAt === null
        ? process
        : { ...process, code: event.code, deaths: process.deaths + 1, phase: 'waiting' };
    case 'step':
      return { ...process, steps: [...process.steps, event.text] };
    case 'stopping':
      return process.action === 'delete' ? process : { ...process, phase: 'stopping', stoppingAt: at };
    case 'stopped':
      return process.phase === 'stopping' ? { ...process, phase: 'created' } : process;
    case 'healthy':
      // A change is done by itself; when it was, and its process died since, then by this.
      return process.action === 'none' || process.endedAt !== null
        ? { ...process, phase: 'done', endedAt: at }
        : process;
    case 'change-done':
      return { ...process, phase: 'done', endedAt: at };
    case 'change-failed':
      return { ...process, phase: 'failed', endedAt: at, message: event.message, logs: event.logs };
    default:
      return process;
  }
}

/** A need that is no longer named was met; one that is named again is waited for again. */
function waitsAfter(waits: readonly Wait[], needs: readonly string[], at: number): readonly Wait[] {
  const now = new Set(needs.map(shortNeed));
  const kept = waits.map((wait) => (wait.to === null && !now.has(wait.need) ? { ...wait, to: at } : wait));
  const open = new Set(kept.flatMap((wait) => (wait.to === null ? [wait.need] : [])));
  return [
    ...kept,
    ...[...now].filter((need) => !open.has(need)).map((need) => ({ need, from: at, to: null })),
  ];
}

/**
 * The same run, with the start of what needs nothing: its container is made and runs at once, and nobody reports that. `needing` has
 * the graph's keys of those that need something.
 */
export function withStarts(run: Track, needing: { has(key: string): boolean }): Track {
  const processes = new Map(run.processes);
  for (const [key, process] of run.processes) {
    if (process.startedAt !== null || process.waits.length > 0 || needing.has(baseOf(key))) continue;
    const phase = process.phase === 'created' ? 'running' : process.phase;
    processes.set(key, { ...process, phase, startedAt: process.createdAt });
  }
  return { ...run, processes };
}

/** What a process waits for now. */
export function waitsFor(process: Process): readonly string[] {
  return process.waits.flatMap((wait) => (wait.to === null ? [wait.need] : []));
}
