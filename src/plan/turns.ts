import type { Change, Plan } from '../model/plan.ts';
import { type Desired, keyOf, type ResourceKey, type Task } from '../model/resource.ts';
import { buildGraph } from './graph/build.ts';
import { baseOf } from './side.ts';
import { idOf } from './timeline/names.ts';

/**
 * Which changes wait for which others to be done, beyond what waits inside its container. What is new needs no turns. Where something runs
 * already, needs are met by what is old, and so:
 * - what runs is not touched before the tasks that its successor needs are done: it goes on serving, and is left alone where they fail;
 * - a task does not begin before that is done which it needs and which changes;
 * - migrate and contract tasks do not begin before their service's workloads are the new ones, contract tasks not before the migrate ones.
 * Never a circle: all but the last rule follow needs, and that one holds only for tasks that nothing needs.
 */
export function turns(plan: Plan, desired: Desired): ReadonlyMap<ResourceKey, readonly ResourceKey[]> {
  const needs = new Needs(desired);
  const updates = plan.changes.filter(isDisturbing);
  const tasks = new Map<ResourceKey, Task>(
    desired.resources.flatMap((one) => (one.kind === 'task' ? [[keyOf(one), one] as const] : [])),
  );
  const running = plan.changes.flatMap(({ key, action }) => {
    const task = action === 'run' ? tasks.get(key) : undefined;
    return task ? [{ key, task }] : [];
  });
  const waits = new Map<ResourceKey, ResourceKey[]>();
  for (const { key } of updates) {
    const needed = needs.of(graphKey(key));
    waits.set(
      key,
      running.flatMap((one) => (needed.has(one.key) ? [one.key] : [])),
    );
  }
  for (const { key, task } of running) {
    const needed = needs.of(key);
    const late = needs.someNeed(key) ? [] : lateFor(task, updates, running);
    const ups = updates.flatMap((one) => (needed.has(graphKey(one.key)) ? [one.key] : []));
    waits.set(key, [...new Set([...ups, ...late])]);
  }
  return waits;
}

/** What a migrate or contract task waits for in its service. */
function lateFor(
  { phase, service }: Task,
  updates: readonly Change[],
  running: readonly { readonly key: ResourceKey; readonly task: Task }[],
): ResourceKey[] {
  if (phase !== 'migrate' && phase !== 'contract') return [];
  const workloads = updates.flatMap(({ key }) => (key.startsWith(`workload:${service}/`) ? [key] : []));
  const migrations = running.filter(({ task }) => task.service === service && task.phase === 'migrate');
  return phase === 'contract' ? [...workloads, ...migrations.map(({ key }) => key)] : workloads;
}

/** Whether a process that runs is acted on. */
function isDisturbing({ key, action, mode }: Change): boolean {
  return key.startsWith('workload:') && action === 'update' && mode !== 'in-place';
}

function graphKey(key: ResourceKey): ResourceKey {
  return key.startsWith('workload:') ? `workload:${baseOf(idOf(key))}` : key;
}

/** All that something needs, directly or not. */
class Needs {
  readonly #direct = new Map<ResourceKey, ResourceKey[]>();
  readonly #all = new Map<ResourceKey, ReadonlySet<ResourceKey>>();
  readonly #needed: ReadonlySet<ResourceKey>;

  constructor(desired: Desired) {
    const { edges } = buildGraph(desired);
    for (const { from, to } of edges) this.#direct.set(to, [...(this.#direct.get(to) ?? []), from]);
    this.#needed = new Set(edges.map(({ from }) => from));
  }

  someNeed(key: ResourceKey): boolean {
    return this.#needed.has(key);
  }

  of(key: ResourceKey): ReadonlySet<ResourceKey> {
    const known = this.#all.get(key);
    if (known) return known;
    const found = new Set<ResourceKey>();
    const open = [...(this.#direct.get(key) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(...(this.#direct.get(next) ?? []));
    }
    this.#all.set(key, found);
    return found;
  }
}
