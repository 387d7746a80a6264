import { hash } from '../compile/fingerprint.ts';
import type { Desired, ResourceKey, Task } from '../model/resource.ts';
import { doneKey } from '../plan/changes/task.ts';
import { buildGraph } from '../plan/graph/build.ts';
import { Closure } from '../plan/graph/closure.ts';
import { graphKeyOf } from '../plan/side.ts';
import { type JournalEntry, noted, type Revision } from '../state/store.ts';
import { occasional } from './data.ts';
import { runBeside, runOnData } from './restore.ts';
import type { Access } from './site.ts';
import { stopAll } from './take-away.ts';

/** That what lies ready beside a service's data takes its place. */
export interface Switch {
  readonly service: string;
  /** Names what lies ready, and what is kept for going back. */
  readonly key: string;
  /** What it is made of: a backup's id; null for what was left of the data itself. */
  readonly from: string | null;
  /** Whether what was there is kept also when all is well. */
  readonly keep: boolean;
}

type Means = Omit<Access, 'desired'>;
type State = Pick<Revision, 'desired' | 'images'>;

export function switchesOf(journal: readonly JournalEntry[]): readonly Switch[] {
  return noted(journal, 'switch');
}

/** A task as it runs for one switch, once. */
export function forSwitch(task: Task, key: string): Task {
  const env = { ...task.env, KOLLAGE_SWITCH: key };
  const fingerprint = hash([task.fingerprint, key]);
  return { ...task, phase: 'expand', changes: [task.service], env, fingerprint };
}

/** Puts what lies ready in the place of what is there: who uses it stops before. Does nothing where that is done. */
export async function switchData(means: Means, state: State, switches: readonly Switch[]): Promise<void> {
  await onStopped(means, state, tasksFor(state.desired, switches, 'switch'));
}

/** Puts back what was there before. May be called again after a crash, and where nothing was switched yet. */
export async function switchBack(means: Means, state: State, switches: readonly Switch[]): Promise<void> {
  await onStopped(means, state, tasksFor(state.desired, switches, 'undo'));
}

/**
 * Takes away what was kept for going back, or lies ready and is not wanted. That this fails is told and holds up nothing: the next one takes it
 * away too.
 */
export async function discard(means: Means, state: State, switches: readonly Switch[]): Promise<void> {
  const due = tasksFor(
    state.desired,
    switches.filter(({ keep }) => !keep),
    'discard',
  );
  const emit: Means['emit'] = (event) => {
    if (event.type === 'change-failed') means.emit(event);
  };
  await runBeside({ ...means, emit }, state, due).catch(() => undefined);
}

function tasksFor(
  desired: Desired,
  switches: readonly Switch[],
  phase: 'switch' | 'undo' | 'discard',
): Task[] {
  return switches.flatMap(({ service, key }) => {
    const found =
      phase === 'undo'
        ? occasional(desired, service, 'undo').filter(({ id }) =>
            occasional(desired, service, 'switch').some((task) => id === `${task.id}.undo`),
          )
        : occasional(desired, service, phase);
    return found.map((task) => forSwitch(task, key));
  });
}

/** Runs those that are not done yet, on data that nobody uses: other data makes what tasks did to it undone. */
async function onStopped(means: Means, state: State, tasks: readonly Task[]): Promise<void> {
  const { engine } = means;
  const { desired } = state;
  const { tasks: recorded = [] } = await engine.observe(desired.deployment, desired);
  const done = new Set(recorded.map(doneKey));
  const due = tasks.filter((task) => !done.has(doneKey(task)));
  if (due.length === 0) return;
  const services = new Set(due.map(({ service }) => service));
  await stopUsers({ ...means, desired }, services);
  const using = usersOf(desired, services);
  for (const { id, fingerprint } of recorded)
    if (using.has(`task:${id}`)) await engine.forgetTask(desired.deployment, id, fingerprint);
  await runOnData(means, state, desired, due);
}

/** Stops the workloads of these services and all that need them, those first which nothing needs. `means.desired` is what runs. */
export async function stopUsers(means: Access, services: ReadonlySet<string>): Promise<void> {
  const { engine, desired } = means;
  const using = usersOf(desired, services);
  const { instances = [] } = await engine.observe(desired.deployment, desired);
  const stops = instances.flatMap((one) =>
    one.name !== undefined && using.has(graphKeyOf(`workload:${one.workload}`))
      ? [{ ...one, name: one.name }]
      : [],
  );
  await stopAll(means, stops);
}

/** The workloads of these services, and the workloads and tasks that need them. */
export function usersOf(desired: Desired, services: ReadonlySet<string>): ReadonlySet<ResourceKey> {
  const { nodes } = buildGraph(desired);
  const needs = new Closure(desired);
  const own = nodes.filter(({ kind, service }) => kind === 'workload' && services.has(service));
  const uses = (key: ResourceKey) => own.some((one) => one.key === key || needs.of(key).has(one.key));
  return new Set(nodes.flatMap(({ key }) => (uses(key) ? [key] : [])));
}
