import type { Change, Plan } from '../model/plan.ts';
import { type Desired, keyOf, type ResourceKey, type Task } from '../model/resource.ts';
import { slotsOf } from '../model/slots.ts';
import { Closure } from './graph/closure.ts';
import { graphKeyOf } from './side.ts';

/**
 * Which changes wait for which others to be done, beyond what waits inside its container. What is new needs no turns. Where something runs
 * already, needs are met by what is old, and so:
 * - what runs is not touched before the tasks that its successor needs are done: it goes on serving, and is left alone where they fail;
 * - a task does not begin before that is done which it needs and which changes;
 * - migrate and contract tasks do not begin before their service's workloads are the new ones, contract tasks not before the migrate ones.
 * - a balancer that is there is changed before what stands behind it, so that it knows every slot; one that is new takes the ports in front when
 *   those that have them so far have gone behind it.
 * - what goes waits for those that need it, in `last`, and go too: they may have to tell it that they end.
 * Never a circle: a balancer waits for nobody who needs it, what goes only for what goes; and of the others all but the third rule follow needs, and
 * that one holds only for tasks that nothing needs.
 */
export function turns(
  plan: Plan,
  desired: Desired,
  last: Desired | null = null,
): ReadonlyMap<ResourceKey, readonly ResourceKey[]> {
  const needs = new Closure(desired);
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
    const needed = needs.of(graphKeyOf(key));
    waits.set(
      key,
      running.flatMap((one) => (needed.has(one.key) ? [one.key] : [])),
    );
  }
  for (const { key, task } of running) {
    const needed = needs.of(key);
    const late = needs.isNeeded(key) ? [] : lateFor(task, updates, running);
    const ups = updates.flatMap((one) => (needed.has(graphKeyOf(one.key)) ? [one.key] : []));
    waits.set(key, [...new Set([...ups, ...late])]);
  }
  for (const [key, others] of besideBalancers(plan, desired, updates, needs))
    waits.set(key, [...new Set([...(waits.get(key) ?? []), ...others])]);
  for (const [key, others] of goingTurns(plan, last)) waits.set(key, others);
  return waits;
}

/** Balancers go before the changes, all others after them: the ones cannot wait for the others. */
function goingTurns(plan: Plan, last: Desired | null): (readonly [ResourceKey, ResourceKey[]])[] {
  const going = plan.changes.flatMap(({ key, action }) =>
    action === 'delete' && key.startsWith('workload:') ? [key] : [],
  );
  if (going.length < 2 || !last) return [];
  const balancers = new Set(
    last.resources.flatMap((one) => (one.kind === 'workload' && one.balances ? [keyOf(one)] : [])),
  );
  return [true, false].flatMap((balances) =>
    dependantsFirst(
      going.filter((key) => balancers.has(key) === balances),
      last,
    ),
  );
}

/** For each of these workloads those of them that need it, and so stop before; who need each other stop together. */
export function dependantsFirst(
  going: readonly ResourceKey[],
  desired: Pick<Desired, 'resources'>,
): (readonly [ResourceKey, ResourceKey[]])[] {
  const needs = new Closure(desired);
  const need = (one: ResourceKey, other: ResourceKey) => needs.of(graphKeyOf(one)).has(graphKeyOf(other));
  return going.map((key) => [key, going.filter((other) => need(other, key) && !need(key, other))] as const);
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

/** What waits for a balancer, and the balancer that waits for others. */
function besideBalancers(
  plan: Plan,
  desired: Desired,
  updates: readonly Change[],
  needs: Closure,
): [ResourceKey, ResourceKey[]][] {
  const workloads = desired.resources.filter((one) => one.kind === 'workload');
  const balancers = new Set(workloads.flatMap((one) => (one.balances ? [keyOf(one)] : [])));
  const slotted = new Set(workloads.flatMap((one) => (slotsOf(one).length > 0 ? [keyOf(one)] : [])));
  const behind = updates.flatMap(({ key }) => (slotted.has(key) ? [key] : []));
  return plan.changes.flatMap(({ key, action }): [ResourceKey, ResourceKey[]][] => {
    if (!balancers.has(key)) return [];
    if (action === 'update') return behind.map((one) => [one, [key]]);
    return [[key, behind.filter((one) => !needs.of(graphKeyOf(one)).has(key))]];
  });
}
