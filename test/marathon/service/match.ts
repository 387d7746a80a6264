import type { Agent } from '../../mesos/agents.ts';
import type { App } from './apps.ts';
import type { Instance } from './instances.ts';

/** Why an offer is not taken, in the order in which one is told (mesosphere/marathon, mesos/NoOfferMatchReason.scala: reasonFunnel). */
export const reasons = [
  'UnfulfilledRole',
  'UnfulfilledConstraint',
  'NoCorrespondingReservationFound',
  'AgentMaintenance',
  'InsufficientCpus',
  'InsufficientMemory',
  'InsufficientDisk',
  'InsufficientGpus',
  'InsufficientPorts',
  'DeclinedScarceResources',
] as const;

export type Reason = (typeof reasons)[number];

export type Match = { readonly ports: readonly number[] } | { readonly reasons: readonly Reason[] };

/** Whether what is free on an agent does for one more instance of an app (mesos/ResourceMatcher.scala, tasks/PortsMatcher.scala). */
export function match(app: App, agent: Agent, placed: readonly Instance[]): Match {
  const { cpus, mem } = agent.free;
  const ports = portsOn(app, agent);
  const found: Reason[] = [
    ...(app.constraints.every((one) => meets(one, app, agent, placed))
      ? []
      : ['UnfulfilledConstraint' as const]),
    ...(cpus < app.cpus ? ['InsufficientCpus' as const] : []),
    ...(mem < app.mem ? ['InsufficientMemory' as const] : []),
    ...(ports === null ? ['InsufficientPorts' as const] : []),
  ];
  return found.length > 0 || ports === null ? { reasons: found } : { ports };
}

/** Those that are wanted where they are required, else any; null where the agent has not so many. */
function portsOn({ portDefinitions, requirePorts }: App, agent: Agent): readonly number[] | null {
  const taken: number[] = [];
  for (const { port = 0 } of portDefinitions) {
    if (requirePorts && port !== 0) {
      if (!agent.hasPort(port) || taken.includes(port)) return null;
      taken.push(port);
      continue;
    }
    const free = anyOf(agent, taken);
    if (free === null) return null;
    taken.push(free);
  }
  return taken;
}

function anyOf(agent: Agent, taken: readonly number[]): number | null {
  const ranges = agent.ports.filter(([, last]) => last >= 31_000);
  for (const [first, last] of ranges.length > 0 ? ranges : agent.ports)
    for (let port = Math.max(first, ranges.length > 0 ? 31_000 : first); port <= last; port++)
      if (agent.hasPort(port) && !taken.includes(port)) return port;
  return null;
}

/** mesos/Constraints.scala: ConstraintsChecker. */
function meets(
  [field = '', operator = '', value = '']: readonly string[],
  app: App,
  agent: Agent,
  placed: readonly Instance[],
): boolean {
  const offered = agent.field(field);
  const there = placed.map(({ task }) => task?.agent.field(field));
  const kind = operator.toUpperCase();
  // Only UNLIKE is met by an agent that has nothing of the kind.
  if (offered === undefined) return kind === 'UNLIKE';
  const same = there.filter((one) => one === offered).length;
  switch (kind) {
    case 'UNIQUE':
      return same === 0;
    case 'LIKE':
      return new RegExp(`^(?:${value})$`).test(offered);
    case 'UNLIKE':
      return !new RegExp(`^(?:${value})$`).test(offered);
    case 'CLUSTER':
      return value === '' ? there.length === 0 || there[0] === offered : offered === value;
    case 'MAX_PER':
      return same < Number(value);
    case 'IS':
      return offered === value;
    default:
      return isEven(offered, value, app, there);
  }
}

/**
 * GROUP_BY. Where nobody says how many groups there are, those that are known are filled evenly (docs/docs/constraints.md); Marathon 1.11 and later divide by the
 * number there, which is none then, and fail (checkGroupBy): who wants to be sure gives the number.
 */
function isEven(
  offered: string,
  value: string,
  { instances }: App,
  there: readonly (string | undefined)[],
): boolean {
  const counts = Map.groupBy(there, (one) => one);
  const here = counts.get(offered)?.length;
  const wanted = Number(value);
  if (!(wanted > 0)) {
    const least = Math.min(...[...counts.values()].map((ones) => ones.length));
    return here === undefined || here <= least;
  }
  const each = Math.floor(instances / wanted);
  if (here === undefined) return counts.size < wanted;
  const over = [...counts.values()].reduce((sum, ones) => sum + Math.max(0, ones.length - each), 0);
  return here < each || (here === each && (instances % wanted) - over > 0);
}
