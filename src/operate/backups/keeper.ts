import { occasional } from '../../execute/data.ts';
import { KollageError } from '../../model/error.ts';
import { suggestion } from '../../model/nearest.ts';
import { backupsOf, type Desired, type Mount, type Task, type Volume } from '../../model/resource.ts';

/** A service that can be backed up, and where its backups are. */
export interface Keeper {
  readonly service: string;
  readonly task: Task;
  readonly volume: Volume;
  readonly mount: Mount;
}

/** The services named, or all, that can be backed up. KLG-105 for one that cannot, and where none can. */
export function keepersOf(desired: Desired, names: readonly string[]): readonly Keeper[] {
  const all = desired.resources.flatMap((one) =>
    one.kind === 'task' && one.phase === 'backup' ? keeperOf(desired, one) : [],
  );
  const can = all.map(({ service }) => service);
  for (const name of names) {
    if (can.includes(name)) continue;
    throw nobody(`nothing that runs keeps backups of ${name}${suggestion(name, can)}`);
  }
  if (all.length === 0) throw nobody('no service that runs can be backed up');
  return all.filter(({ service }) => names.length === 0 || names.includes(service));
}

/** The one that is named. KLG-105. */
export function keeper(desired: Desired, service: string): Keeper {
  const [found] = keepersOf(desired, [service]);
  if (found) return found;
  throw nobody(`nothing that runs keeps backups of ${service}`);
}

/** The one task of a service for an occasion. KLG-105 where there is none, or more than one. */
export function only(desired: Desired, service: string, phase: Task['phase']): Task {
  const [task, ...more] = occasional(desired, service, phase);
  if (task && more.length === 0) return task;
  throw nobody(
    task
      ? `${service} has more than one task of the phase ${phase}`
      : `${service} has no task of the phase ${phase}`,
  );
}

/** Where a backup lies for a task that mounts the volume of its service. */
export function folderOf(task: Task, id: string): string {
  const mount = task.mounts.find(({ source }) => source === backupsOf(task.service));
  return `${mount?.path ?? ''}/${id}`;
}

function keeperOf({ resources }: Desired, task: Task): Keeper[] {
  const { service } = task;
  const id = backupsOf(service);
  const volume = resources.find((one): one is Volume => one.kind === 'volume' && one.id === id);
  const mount = task.mounts.find(({ type, source }) => type === 'volume' && source === id);
  return volume && mount ? [{ service, task, volume, mount }] : [];
}

function nobody(message: string): KollageError {
  return new KollageError({
    code: 'KLG-105',
    message,
    next: 'See docs/reference/backups.md. What the folder says and does not run yet is brought up by `kollage up`.',
  });
}
