import { hash } from '../compile/fingerprint.ts';
import type { Plan } from '../model/plan.ts';
import { type Desired, keyOf, type Resource, type Task } from '../model/resource.ts';

/** The tasks that a plan runs. */
export function tasksOf(plan: Plan, desired: Desired): Task[] {
  const running = new Set(plan.changes.flatMap(({ key, action }) => (action === 'run' ? [key] : [])));
  return desired.resources.filter((one): one is Task => one.kind === 'task' && running.has(keyOf(one)));
}

/** The services whose data these tasks change and which `base` knows how to save, sorted. */
export function servicesToSave(tasks: readonly Task[], base: Desired): string[] {
  const changed = new Set(tasks.flatMap((task) => task.changes ?? []));
  return [...changed].filter((service) => occasional(base, service, 'save').length > 0).sort();
}

/** The tasks of a service that run only on this occasion. */
export function occasional(desired: Desired, service: string, phase: Task['phase']): Task[] {
  return desired.resources.filter(
    (one): one is Task => one.kind === 'task' && one.phase === phase && one.service === service,
  );
}

/**
 * A task as it runs on one occasion: done once for these numbers, whatever was done on others. What it runs is told `revision`, under which data
 * is saved.
 */
export function onOccasion(task: Task, revision: number, run: number): Task {
  return {
    ...task,
    phase: 'expand',
    // It mends nothing: what it did on one occasion is none of another's business.
    changes: [task.service],
    env: { ...task.env, KOLLAGE_REVISION: String(revision) },
    fingerprint: hash([task.fingerprint, revision, run]),
  };
}

/** A desired state with these resources in it, each in the place of the one with its key. */
export function withResources(desired: Desired, more: readonly Resource[]): Desired {
  const keys = new Set(more.map(keyOf));
  return { ...desired, resources: [...desired.resources.filter((one) => !keys.has(keyOf(one))), ...more] };
}
