import type { EventBody } from '../model/event.ts';
import { type Desired, keyOf, mends, type Resource, type Task } from '../model/resource.ts';
import { doneKey } from '../plan/changes/task.ts';
import { type JournalEntry, noted, type Revision } from '../state/store.ts';
import { occasional, onOccasion } from './data.ts';
import { restoredBy, runOnData } from './restore.ts';
import type { Access } from './site.ts';
import { switchBack, switchesOf } from './switch.ts';
import { toldStop } from './take-away.ts';

/**
 * Takes back what became of data in a revision. What was switched is switched back. Of tasks that were begun: the services whose data they change get what was saved before; what a
 * task made that was new is undone; and their records go, so that they run again when they are wanted again. A task of the base that
 * mends what differs runs again where a newer one ran, or one that it needs does; a schema's task never does. May be called again after a crash.
 */
export async function undoData(
  access: Omit<Access, 'desired'>,
  revision: Revision,
  base: Revision,
  journal: readonly JournalEntry[],
): Promise<void> {
  const { engine } = access;
  const { deployment } = revision.desired;
  const begun = begunTasks(revision, journal);
  // What still waits inside its container must not begin now.
  await Promise.all(begun.map((task) => stopTask(access, deployment, task)));
  await switchBack(access, base, switchesOf(journal));
  const observed = await engine.observe(deployment, base.desired);
  const done = new Set((observed.tasks ?? []).map(doneKey));
  const restored = restores(begun, journal, revision, base.desired, done);
  const was = new Map(base.desired.resources.map((one) => [keyOf(one), one]));
  const fresh = begun.filter((task) => !was.has(keyOf(task)));
  const undos = fresh.toReversed().flatMap((task) => undoOf(task, revision));
  const due = [...restored, ...undos].filter((task) => !done.has(doneKey(task)));
  await runOnData(access, base, revision.desired, due, bundlesOf(undos, revision.desired));
  for (const task of begun) await engine.forgetTask(deployment, task.id, task.fingerprint);
  for (const { id, fingerprint } of mending(base.desired, begun))
    await engine.forgetTask(deployment, id, fingerprint);
}

/** The tasks of the base that mend what begun ones did, and those that mend what these do. */
function mending({ resources }: Desired, begun: readonly Task[]): Task[] {
  const all = resources.filter((one): one is Task => one.kind === 'task' && mends(one));
  const again = new Set(begun.map(({ id }) => id));
  const first = all.filter(({ id }) => again.has(id));
  const ids = new Set(first.map(({ id }) => id));
  const after = all.filter(({ needs }) => needs.some((need) => need.kind === 'task' && ids.has(need.task)));
  return [...new Set([...first, ...after])];
}

function stopTask({ engine, emit }: Omit<Access, 'desired'>, deployment: string, task: Task): Promise<void> {
  const instance = engine.instanceName(deployment, task.id, 1);
  const ref = { key: keyOf(task), instance, node: task.placement.nodes[0] ?? '' };
  const now = (event: EventBody) => emit({ at: Date.now(), ...event });
  return toldStop(now, ref, () => engine.removeInstance(deployment, instance));
}

/** Those that were begun, in that order, each once. */
function begunTasks({ desired }: Revision, journal: readonly JournalEntry[]): Task[] {
  const tasks = new Map(
    desired.resources.flatMap((one) => (one.kind === 'task' ? [[one.id, one] as const] : [])),
  );
  const ids = new Set(noted(journal, 'task').map(({ id }) => id));
  return [...ids].flatMap((id) => tasks.get(id) ?? []);
}

/** What brings the data back that begun tasks change. Where saving it was not done, none of them had begun. */
function restores(
  begun: readonly Task[],
  journal: readonly JournalEntry[],
  { number }: Revision,
  base: Desired,
  done: ReadonlySet<string>,
): Task[] {
  const changed = new Set([
    ...begun.flatMap((task) => task.changes ?? []),
    ...restoredBy(journal).map(({ service }) => service),
  ]);
  return noted(journal, 'save').flatMap(({ service, revision }) => {
    const saves = occasional(base, service, 'save').map((task) => onOccasion(task, revision, revision));
    if (!changed.has(service) || !saves.every((task) => done.has(doneKey(task)))) return [];
    return occasional(base, service, 'restore').map((task) => onOccasion(task, revision, number));
  });
}

function undoOf(task: Task, { desired, number }: Revision): Task[] {
  const undo = desired.resources.find((one) => one.kind === 'task' && one.id === `${task.id}.undo`);
  return undo?.kind === 'task' ? [onOccasion(undo, number, number)] : [];
}

function bundlesOf(tasks: readonly Task[], desired: Desired): Resource[] {
  const ids = new Set(tasks.map(({ config }) => config));
  return desired.resources.filter((one) => one.kind === 'config' && ids.has(one.id));
}
