import { maxReplicas, type UpdatePolicy } from '../model/deployment.ts';
import type { Placement, Scale } from '../model/resource.ts';
import type { Component } from '../model/service.ts';
import type { Context } from './context.ts';
import type { Definition, Part } from './definition.ts';
import { checkRole, type Placements } from './placement.ts';
import type { Scope } from './scope.ts';

/** Where a component runs, how often, and how that many are updated. */
export interface Spread {
  readonly placement: Placement;
  readonly scale: Scale;
  readonly update: UpdatePolicy;
}

/** What spreading components asks for: the nodes of roles, and the roles that there are. */
export interface Nodes {
  readonly placements: Placements;
  readonly roles: ReadonlySet<string>;
}

/** A component's nodes, scale and update policy: its definition's, under what kollage.yaml says. KLG-105 for an unknown role. */
export function spreadOf(
  context: Context,
  { placements, roles }: Nodes,
  definition: Definition,
  name: string,
  part: Part<Component>,
  scope: Scope,
): Spread {
  const { value } = part;
  const settings = context.input.deployment.components.get(`${definition.name}/${name}`);
  const role = settings?.role ?? scope.text(value.role ?? definition.service.role ?? 'controller', 'role');
  checkRole(role, roles, scope.place('role'));
  const scale: Scale =
    'each' in value.scale
      ? { each: 'node' }
      : { replicas: replicasOf(context, definition, name, part, scope) };
  // Several that hold copies for one another are exchanged one after the other, also where a single one stops before the next starts.
  const apart = (context.instances.get(`${definition.name}/${name}`) ?? []).length > 1;
  return {
    placement: placements.of(role),
    scale,
    update: {
      ...value.update,
      ...(apart && { strategy: 'rolling' as const }),
      ...stripped(settings?.update ?? {}),
    },
  };
}

/** How many instances a component has: as kollage.yaml says, else its definition; one where that has one on each node. */
export function replicasOf(
  context: Context,
  definition: Definition,
  name: string,
  { value }: Part<Component>,
  scope: Scope,
): number {
  const settings = context.input.deployment.components.get(`${definition.name}/${name}`);
  if ('each' in value.scale) return 1;
  return settings?.replicas ?? replicas(scope, value.scale.replicas);
}

function replicas(scope: Scope, template: number | string): number {
  const number = scope.number(template, 'scale', 'replicas');
  if (Number.isInteger(number) && number >= 0 && number <= maxReplicas) return number;
  throw scope.mistake(`${number} is not a number of replicas (0 to ${maxReplicas})`, 'scale', 'replicas');
}

/** An object without the keys that are undefined, so that it can be laid over another. */
export function stripped<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
