import { KollageError } from '../../../model/error.ts';
import type { Task, Workload } from '../../../model/resource.ts';
import { rolesAttribute } from '../names.ts';
import type { RenderScope } from './scope.ts';

/** `[field, operator]` or `[field, operator, value]` (mesosphere/marathon, constraint.raml). */
export type Constraint = readonly [field: string, operator: string, value?: string];

/**
 * On which agents a process may run: those with one of its roles as an attribute; the ones of its nodes by name, where these are not all that have the
 * role; and the one that has the volumes it shares with others. Throws KLG-210 where no agent can be that.
 */
export function placing(scope: RenderScope, process: Workload | Task): Constraint[] {
  return [...byRole(scope, process), ...byName(scope, process), ...apart(scope, process)];
}

function byRole({ hasNodes }: RenderScope, { placement }: Workload | Task): Constraint[] {
  if (!hasNodes) return [];
  // LIKE is about the whole of a value.
  return [[rolesAttribute, 'LIKE', `(.*/)?(${rolesOf(placement.role).join('|')})(/.*)?`]];
}

function byName(scope: RenderScope, process: Workload | Task): Constraint[] {
  if (!scope.hasNodes) {
    const { home } = scope;
    return home === null || scope.tied(process).length === 0 ? [] : [['hostname', 'LIKE', literal(home)]];
  }
  const wanted = rolesOf(process.placement.role);
  const ofRole = scope.desired.nodes.filter(({ roles }) => roles.some((role) => wanted.includes(role)));
  const home = homeOf(scope, process);
  const names = home === null ? process.placement.nodes : [home];
  if (names.length === ofRole.length) return [];
  return [['hostname', 'LIKE', names.map(literal).join('|')]];
}

/** The node on which all that use the same volumes run; null where it has none of these. */
function homeOf(scope: RenderScope, process: Workload | Task): string | null {
  const volumes = scope.tied(process);
  if (volumes.length === 0) return null;
  const ids = new Set(volumes.map(({ id }) => id));
  const users = [...scope.workloads, ...scope.tasks].filter((one) =>
    scope.tied(one).some(({ id }) => ids.has(id)),
  );
  const home = scope.desired.nodes.find(({ name }) =>
    users.every(({ placement }) => placement.nodes.includes(name)),
  );
  if (home) return home.name;
  const message = `${users.map(({ id }) => id).join(', ')} use the same volume, which lies on one agent, and none may run all of them`;
  throw new KollageError({ code: 'KLG-210', message });
}

/** Instances on agents of their own where they need the same ports or have a volume on each, else spread. */
function apart(scope: RenderScope, process: Workload | Task): Constraint[] {
  if (process.kind === 'task' || scope.instances(process) < 2) return [];
  if (scope.tied(process).length > 0) {
    const [volume] = scope.tied(process);
    const message = `${process.id} has ${scope.instances(process)} instances that share the volume ${volume?.id}, which lies on one agent; give \`engine: { storage: { class: DRIVER } }\` a driver whose volumes are on all of them`;
    throw new KollageError({ code: 'KLG-210', message });
  }
  const ofNode = process.mounts.some(({ source }) => scope.volumes.get(source)?.each === 'node');
  const alone = process.ports.length > 0 || 'each' in process.scale || ofNode;
  return alone ? [['hostname', 'UNIQUE']] : evenly(scope, process);
}

/**
 * Over as many agents as there are: without a number Marathon 1.11 divides by none, and with one that is too large it waits for agents for ever
 * (mesosphere/marathon, Constraints.scala: checkGroupBy). Anywhere where the number is not known.
 */
function evenly(scope: RenderScope, workload: Workload): Constraint[] {
  const agents = scope.hasNodes ? workload.placement.nodes.length : (scope.agents ?? 1);
  const groups = Math.min(agents, scope.instances(workload));
  return groups < 2 ? [] : [['hostname', 'GROUP_BY', String(groups)]];
}

function rolesOf(role: string): string[] {
  return role.split(',').map((one) => literal(one.trim()));
}

/** A name as a regular expression of Java that means it. */
export function literal(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
