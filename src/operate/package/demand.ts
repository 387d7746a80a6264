import { rolesAttribute } from '../../engines/marathon/names.ts';
import type { App } from '../../engines/marathon/render/app.ts';
import type { Group } from '../../engines/marathon/render/group.ts';
import type { Desired } from '../../model/resource.ts';

/** What a deployment wants of a cluster. */
export interface AppDemand {
  readonly apps: number;
  readonly tasks: number;
  /** Of all instances together. */
  readonly cpus: number;
  /** In MB. */
  readonly mem: number;
  /** Roles that agents must have, by their attribute; none where any agent will do. */
  readonly roles: readonly string[];
}

/** Adds up what is in a group, which was made of this state. */
export function demandOf(group: Group, { resources }: Pick<Desired, 'resources'>): AppDemand {
  const apps = appsOf(group);
  const sum = (of: (app: App) => number) => apps.reduce((total, app) => total + of(app) * app.instances, 0);
  const isPlaced = apps.some(({ constraints }) => constraints.some(([field]) => field === rolesAttribute));
  const roles = resources.flatMap((one) =>
    isPlaced && one.kind === 'workload' ? one.placement.role.split(',').map((role) => role.trim()) : [],
  );
  return {
    apps: apps.length,
    tasks: resources.filter(({ kind }) => kind === 'task').length,
    cpus: Math.round(sum(({ cpus }) => cpus) * 10) / 10,
    mem: sum(({ mem }) => mem),
    roles: [...new Set(roles)].sort(),
  };
}

function appsOf({ apps = [], groups = [] }: Group): readonly App[] {
  return [...apps, ...groups.flatMap(appsOf)];
}
