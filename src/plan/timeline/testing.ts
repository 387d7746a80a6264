import type { KollageEvent } from '../../model/event.ts';
import type { ResourceKey } from '../../model/resource.ts';
import type { Needs } from './needs.ts';

/** A short event of a test: milliseconds, what, whose, and more. */
export type Short =
  | readonly [at: number, what: 'created' | 'gone' | 'done', key: ResourceKey]
  | readonly [at: number, what: 'started' | 'healthy' | 'stopping' | 'stopped', key: ResourceKey]
  | readonly [at: number, what: 'waits', key: ResourceKey, ...needs: readonly string[]]
  | readonly [at: number, what: 'exited', key: ResourceKey, code: number]
  | readonly [at: number, what: 'failed', key: ResourceKey, message: string, ...logs: readonly string[]]
  | readonly [at: number, what: 'run', deployment: string]
  | readonly [at: number, what: 'end', outcome: 'done' | 'failed' | 'interrupted'];

/** The events that a run would have told. */
export function eventsOf(...shorts: readonly Short[]): KollageEvent[] {
  return shorts.map(eventOf);
}

function eventOf(short: Short): KollageEvent {
  const at = short[0];
  switch (short[1]) {
    case 'run':
      return { at, type: 'run-started', run: 'r', deployment: short[2], changes: 0 };
    case 'end':
      return { at, type: 'run-ended', run: 'r', outcome: short[2] };
    case 'created':
      return { at, type: 'change-started', key: short[2], action: 'create', reasons: [] };
    case 'gone':
      return { at, type: 'change-started', key: short[2], action: 'delete', reasons: [] };
    case 'done':
      return { at, type: 'change-done', key: short[2] };
    case 'waits':
      return { at, type: 'waiting', ...refOf(short[2]), needs: short.slice(3).map(String) };
    case 'exited':
      return { at, type: 'exited', ...refOf(short[2]), code: short[3] };
    case 'failed':
      return {
        at,
        type: 'change-failed',
        key: short[2],
        message: short[3],
        logs: short.slice(4).map(String),
      };
    default:
      return { at, type: short[1], ...refOf(short[2]) };
  }
}

function refOf(key: ResourceKey) {
  return { key, instance: `t-${key.replace(/^\w+:/, '').replaceAll('/', '-')}`, node: 'n' };
}

/** Needs as a test writes them; every endpoint is named as the service and `port`. */
export function needsFrom(of: Readonly<Partial<Record<ResourceKey, readonly ResourceKey[]>>>): Needs {
  const keys = new Set([...Object.keys(of), ...Object.values(of).flat()]);
  const named = new Map<string, ResourceKey>();
  for (const key of keys) {
    const id = String(key).replace(/^\w+:/, '');
    if (key?.startsWith('task:')) named.set(id, `task:${id}`);
    else named.set(`${id.split('/')[0]}/port`, `workload:${id}`).set(id, `workload:${id}`);
  }
  return { of: new Map(Object.entries(of).map(([key, needs]) => [key, needs ?? []])), named };
}

/** A small cloud: a database, a schema, an API, and a cache beside them. */
export const cloud = needsFrom({
  'task:key/schema': ['workload:db/server'],
  'workload:key/api': ['task:key/schema', 'workload:cache/server'],
  'workload:img/api': ['workload:key/api', 'workload:db/server'],
});

/** A run of it that went well: db, schema, key, img are its critical path. */
export const goodRun = eventsOf(
  [0, 'run', 'demo'],
  [0, 'created', 'workload:db/server'],
  [0, 'created', 'workload:cache/server'],
  [0, 'created', 'task:key/schema'],
  [0, 'created', 'workload:key/api'],
  [0, 'created', 'workload:img/api'],
  [100, 'started', 'workload:db/server'],
  [200, 'started', 'workload:cache/server'],
  [700, 'waits', 'task:key/schema', 'db/port'],
  [800, 'waits', 'workload:key/api', 'task key/schema 0a1b2c', 'cache/port'],
  [900, 'waits', 'workload:img/api', 'key/port', 'db/port'],
  [1000, 'healthy', 'workload:cache/server'],
  [1000, 'done', 'workload:cache/server'],
  [1900, 'waits', 'workload:key/api', 'task key/schema 0a1b2c'],
  [2900, 'started', 'task:key/schema'],
  [3000, 'healthy', 'workload:db/server'],
  [3000, 'done', 'workload:db/server'],
  [3100, 'waits', 'workload:img/api', 'key/port'],
  [5000, 'exited', 'task:key/schema', 0],
  [5000, 'done', 'task:key/schema'],
  [5100, 'started', 'workload:key/api'],
  [7000, 'healthy', 'workload:key/api'],
  [7000, 'done', 'workload:key/api'],
  [7100, 'started', 'workload:img/api'],
  [8000, 'healthy', 'workload:img/api'],
  [8000, 'done', 'workload:img/api'],
  [8010, 'end', 'done'],
);
