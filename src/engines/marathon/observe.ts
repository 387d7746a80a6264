import type { Drift, Observed, ObservedInstance, ObservedNode } from '../../model/plan.ts';
import type { Desired } from '../../model/resource.ts';
import { outdated, type Published } from '../outdated.ts';
import { changes } from './apply.ts';
import { startFiles } from './boot.ts';
import type { Site } from './cluster.ts';
import { published } from './filled.ts';
import { agentLost, type Instance, instancesOf } from './looked.ts';
import { label } from './names.ts';
import { app } from './render/app.ts';
import { RenderScope } from './render/scope.ts';
import { type AppShape, appsOf, isLost, isThere, workloadOf } from './shapes.ts';

/** What is there of a deployment: its apps' tasks, what was changed by hand, its tasks that are done, its volumes, and the agents. */
export async function observe(site: Site, desired: Desired | null, last: Desired | null): Promise<Observed> {
  const { records, mesos, settings } = site;
  const [apps, tasks, volumes, agents, home, count] = await Promise.all([
    appsOf(site),
    records.done(),
    records.owned('volumes'),
    mesos.agents(),
    records.own('framework', 'home'),
    records.own('framework', 'agents'),
  ]);
  const known = { home, agents: count === null ? null : Number(count) };
  const scopeOf = (of: Desired | null) =>
    of && new RenderScope({ desired: of, settings, start: startFiles(), ...known });
  const scope = scopeOf(desired);
  const applied = scopeOf(last);
  const values = await published(site, scope?.workloads ?? []);
  const instances = await Promise.all(apps.map((one) => observedOf(site, one, { scope, applied, values })));
  const there = new Set(volumes);
  return {
    instances: instances.flat(),
    volumes: (desired?.resources ?? []).flatMap((one) =>
      one.kind === 'volume' && (one.each === 'node' || there.has(one.id)) ? [one.id] : [],
    ),
    tasks,
    nodes: nodesOf(
      agents
        .filter(({ active }) => active)
        .map(({ hostname, memory, cpus }) => ({ name: hostname, memory, cpus })),
      scope,
    ),
  };
}

/** The instances of one app. Without names for nodes all agents are one node to a plan. */
async function observedOf(
  site: Site,
  live: AppShape,
  {
    scope,
    applied,
    values,
  }: {
    readonly scope: RenderScope | null;
    readonly applied: RenderScope | null;
    readonly values: Published;
  },
): Promise<ObservedInstance[]> {
  const workload = workloadOf(live);
  if (workload === null) return [];
  const wanted = scope?.workloads.find(({ id }) => id === workload);
  const any = scope !== null && !scope.hasNodes;
  const drift = applied ? changedByHand(applied, workload, live) : [];
  const instances = counted(live, await instancesOf(site, live)).map(
    ({ task, isWell, since, filled, isCurrent }): ObservedInstance => {
      const [first = ''] = wanted?.placement.nodes ?? [];
      const old = wanted ? outdated(wanted, filled, values) : {};
      return {
        workload,
        name: task.id,
        node: any || !task.host ? first : task.host,
        // What is older than its app is on its way out.
        fingerprint: isCurrent ? (live.labels[label.fingerprint] ?? '') : '',
        state: isWell ? 'running' : 'starting',
        ...(since !== null && { since }),
        ...(isLost(task) && { away: agentLost }),
        ...(drift.length > 0 && { drift }),
        ...(Object.keys(old).length > 0 && { outdated: old }),
      };
    },
  );
  // One on each agent, of agents without names: as one, and that the worst of them.
  const worst = instances.find(({ state }) => state !== 'running') ?? instances[0];
  return any && wanted && 'each' in wanted.scale && worst ? [worst] : instances;
}

/** What there is of an app: those that are lost too, as long as no others are in their place. */
function counted({ instances }: AppShape, all: readonly Instance[]): Instance[] {
  const there = all.filter(({ task }) => isThere(task));
  const lost = all.filter(({ task }) => isLost(task));
  return [...there, ...lost.slice(0, Math.max(0, instances - there.length))];
}

/** What somebody changed of an app since it was sent; nothing of one that was made from something else. */
function changedByHand(applied: RenderScope, id: string, live: AppShape): Drift[] {
  const workload = applied.workloads.find((one) => one.id === id);
  if (!workload || live.labels[label.fingerprint] !== workload.fingerprint) return [];
  return changes(app(applied, workload), live).map((field) => ({
    text: `app ${live.id} ${field}`,
    // A number is changed while all run; whatever else is, Marathon makes all anew for it.
    remedy: field.startsWith('instances:') ? 'in-place' : 'replace',
  }));
}

/** The nodes as a plan knows them. */
function nodesOf(
  agents: readonly { readonly name: string; readonly memory: number; readonly cpus: number }[],
  scope: RenderScope | null,
): ObservedNode[] {
  if (scope?.hasNodes) return [...agents];
  const sum = (of: (node: (typeof agents)[number]) => number) =>
    agents.reduce((total, node) => total + of(node), 0);
  return [{ name: 'localhost', memory: sum(({ memory }) => memory), cpus: sum(({ cpus }) => cpus) }];
}
