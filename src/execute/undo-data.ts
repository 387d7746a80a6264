import { type Desired, keyOf, type Resource, type Task } from '../model/resource.ts';
import { doneKey } from '../plan/changes/task.ts';
import { type JournalEntry, noted, type Revision } from '../state/store.ts';
import { occasional, onOccasion } from './data.ts';
import { restoredBy, runOnData } from './restore.ts';
import type { Access } from './site.ts';

/**
 * Takes back what tasks of a revision did to data. Of those that were begun: the services whose data they change get what was saved before; what a
 * task made that was new is undone; and their records go, so that they run again when they are wanted again. A bootstrap task of the base, which
 * mends what differs, runs again where a newer one ran; a schema's task never does. May be called again after a crash.
 */
export async function undoData(
  { engine, signal, emit, secret }: Omit<Access, 'desired'>,
  revision: Revision,
  base: Revision,
  journal: readonly JournalEntry[],
): Promise<void> {
  const { deployment } = revision.desired;
  const begun = begunTasks(revision, journal);
  // What still waits inside its container must not begin now.
  await Promise.all(
    begun.map(({ id }) => engine.removeInstance(deployment, engine.instanceName(deployment, id, 1))),
  );
  const observed = await engine.observe(deployment, base.desired);
  const done = new Set((observed.tasks ?? []).map(doneKey));
  const restored = restores(begun, journal, revision, base.desired, done);
  const was = new Map(base.desired.resources.map((one) => [keyOf(one), one]));
  const fresh = begun.filter((task) => !was.has(keyOf(task)));
  const undos = fresh.toReversed().flatMap((task) => undoOf(task, revision));
  const due = [...restored, ...undos].filter((task) => !done.has(doneKey(task)));
  await runOnData(
    { engine, signal, emit, secret },
    base,
    revision.desired,
    due,
    bundlesOf(undos, revision.desired),
  );
  for (const task of begun) {
    await engine.forgetTask(deployment, task.id, task.fingerprint);
    const old = was.get(keyOf(task));
    if (old?.kind === 'task' && old.phase === 'bootstrap')
      await engine.forgetTask(deployment, old.id, old.fingerprint);
  }
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
