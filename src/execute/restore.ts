import type { Desired, Resource, Task } from '../model/resource.ts';
import { keyOf } from '../model/resource.ts';
import { doneKey } from '../plan/changes/task.ts';
import { Closure } from '../plan/graph/closure.ts';
import { makePlan } from '../plan/plan.ts';
import { graphKeyOf } from '../plan/side.ts';
import { type JournalEntry, noted, type Revision, type StateStore } from '../state/store.ts';
import { occasional, onOccasion, withResources } from './data.ts';
import { execute } from './execute.ts';
import { pinned } from './pinned.ts';
import type { Access } from './site.ts';
import { stopAll } from './take-away.ts';

/** A service's data as it was when a revision began, which saved it. */
export interface Saved {
  readonly service: string;
  readonly revision: number;
}

/** The saved data that a revision brings back. */
export function restoredBy(journal: readonly JournalEntry[]): readonly Saved[] {
  return noted(journal, 'restore').flatMap(({ saved }) => saved);
}

/** The tasks that prepare data. */
function preparing({ resources }: Desired): Task[] {
  return resources.filter(
    (one): one is Task => one.kind === 'task' && ['expand', 'migrate', 'contract'].includes(one.phase),
  );
}

/**
 * Finds the data that a revision ran with: for each service whose tasks prepare data otherwise now, what the first revision that was applied whole after it
 * has saved. Gives the tasks that are others now by their ids, and the services of which nothing was saved.
 */
export async function savedFor(
  store: StateStore,
  target: Revision,
  now: Desired,
  done: ReadonlySet<string>,
): Promise<{ others: string[]; saved: Saved[]; missing: string[] }> {
  const services = new Set<string>();
  const others: string[] = [];
  const then = new Map(preparing(target.desired).map((task) => [task.id, task]));
  for (const task of preparing(now)) {
    const old = then.get(task.id);
    if (!old || old.fingerprint === task.fingerprint) continue;
    others.push(task.id);
    for (const service of task.changes ?? [task.service]) services.add(service);
  }
  const saved = new Map<string, number>();
  for (const head of await store.history()) {
    if (head.number <= target.number || head.status !== 'done' || head.base === null) continue;
    const base = await store.revision(head.base);
    for (const entry of noted(await store.journal(head.number), 'save')) {
      if (!base || saved.has(entry.service) || !services.has(entry.service)) continue;
      const saves = occasional(base.desired, entry.service, 'save').map((task) =>
        onOccasion(task, entry.revision, entry.revision),
      );
      if (saves.length > 0 && saves.every((task) => done.has(doneKey(task))))
        saved.set(entry.service, entry.revision);
    }
  }
  const can = ([service]: [string, number]) => occasional(target.desired, service, 'restore').length > 0;
  const found = [...saved].filter(can).map(([service, revision]): Saved => ({ service, revision }));
  const missing = [...services].filter((service) => !found.some((one) => one.service === service));
  return { others, saved: found, missing: missing.sort() };
}

/**
 * Runs tasks that bring data back, or undo what was made: who reads and writes the data of their services stops first, and what they need comes up. A service
 * comes up only when its own data is back, so those that others need for theirs go first.
 */
export async function runOnData(
  access: Omit<Access, 'desired'>,
  state: Pick<Revision, 'desired' | 'images'>,
  last: Desired,
  tasks: readonly Task[],
  bundles: readonly Resource[] = [],
): Promise<void> {
  const { engine } = access;
  const { deployment } = state.desired;
  const observed = await engine.observe(deployment, state.desired);
  const services = new Set(tasks.map(({ service }) => service));
  const users = (observed.instances ?? []).flatMap((one) =>
    services.has(serviceOf(one.workload)) && one.name !== undefined ? [{ ...one, name: one.name }] : [],
  );
  if (users.length > 0) await stopAll({ ...access, desired: last }, users);
  for (const round of rounds(withResources(state.desired, tasks), tasks)) {
    const now = await engine.observe(deployment, state.desired);
    const desired = withResources(pinned(state, now), [...bundles, ...round]);
    const plan = makePlan({ desired, last, observed: now });
    const needs = new Closure(desired);
    const needed = new Set(round.flatMap((task) => [keyOf(task), ...needs.of(keyOf(task))]));
    const changes = plan.changes.filter(
      ({ key, action }) => action !== 'delete' && (needed.has(graphKeyOf(key)) || key.startsWith('volume:')),
    );
    const only = { plan: { ...plan, changes }, desired, last, observed: now };
    await execute({ ...access, ...only, settle: false });
  }
}

/** Each task after those of other services whose workloads it needs; those in a circle together. */
function rounds(desired: Desired, tasks: readonly Task[]): Task[][] {
  const needs = new Closure(desired);
  const needed = new Map(
    tasks.map((task) => [
      task,
      new Set(
        [...needs.of(keyOf(task))].flatMap((key) =>
          key.startsWith('workload:') ? [serviceOf(key.slice('workload:'.length))] : [],
        ),
      ),
    ]),
  );
  const made: Task[][] = [];
  for (let open = [...tasks]; open.length > 0; ) {
    const waiting = open.filter((task) =>
      open.some(({ service }) => service !== task.service && needed.get(task)?.has(service)),
    );
    const round = open.filter((task) => !waiting.includes(task));
    made.push(round.length > 0 ? round : open);
    open = round.length > 0 ? waiting : [];
  }
  return made;
}

function serviceOf(workload: string): string {
  return workload.split('/')[0] ?? '';
}

/** Runs tasks beside what runs, which is left alone. */
export async function runBeside(
  { engine, signal, emit, secret }: Omit<Access, 'desired'>,
  state: Pick<Revision, 'desired' | 'images'>,
  tasks: readonly Task[],
): Promise<void> {
  if (tasks.length === 0) return;
  const observed = await engine.observe(state.desired.deployment, state.desired);
  const desired = withResources(pinned(state, observed), tasks);
  const keys = new Set<string>(tasks.map(keyOf));
  const whole = makePlan({ desired, last: state.desired, observed });
  const changes = whole.changes.filter(({ key }) => keys.has(key) || key.startsWith('volume:'));
  const plan = { ...whole, changes };
  await execute({
    engine,
    plan,
    desired,
    last: state.desired,
    observed,
    settle: false,
    secret,
    emit,
    signal,
  });
}

/** The tasks that bring saved data back under a revision, which runs each once. */
export function restoresOf(
  saved: readonly Saved[],
  { desired, number }: Pick<Revision, 'desired' | 'number'>,
): Task[] {
  return saved.flatMap(({ service, revision }) =>
    occasional(desired, service, 'restore').map((task) => onOccasion(task, revision, number)),
  );
}

/**
 * Forgets that tasks are done which prepared data that a revision has put older data in the place of: they must run again when they are wanted again. Called
 * when that revision is done, and again before the next, for who was killed between.
 */
export async function forgetReplaced(
  { engine, store }: Pick<Access, 'engine'> & { readonly store: StateStore },
  { number, desired }: Pick<Revision, 'number' | 'desired'>,
): Promise<void> {
  const services = new Set(restoredBy(await store.journal(number)).map(({ service }) => service));
  if (services.size === 0) return;
  const kept = new Set(preparing(desired).map(doneKey));
  for (const head of await store.history()) {
    if (head.number >= number) continue;
    const revision = await store.revision(head.number);
    for (const task of revision ? preparing(revision.desired) : [])
      if (!kept.has(doneKey(task)) && task.changes?.some((service) => services.has(service)))
        await engine.forgetTask(desired.deployment, task.id, task.fingerprint);
  }
}
