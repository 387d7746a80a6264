import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../model/error.ts';
import { Limit } from '../model/limit.ts';
import type { ObservedInstance } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';
import { inside } from './inside.ts';
import { after, type Site } from './site.ts';

/** Seconds in which a workload must have taken away what it made, its own start included. */
const time = 30;
/** Milliseconds between two attempts: one that was started a moment ago may not answer yet. */
const again = 500;
/** Nodes on which one workload cleans up at the same time. */
const together = 20;

/**
 * Lets the workloads that have a `cleanup` take away what they made on their nodes, one after the other. What does not run is started for it, with
 * what it needs on its node; of everything else nothing is awaited. Gives why something may be left; that holds up nothing.
 */
export async function cleanUp(site: Site): Promise<string[]> {
  const { engine, desired } = site;
  const cleaning = workloadsOf(site).filter(({ cleanup }) => cleanup !== null);
  const { instances = [] } = await engine.observe(desired.deployment, null);
  const running = new Set(
    instances.flatMap(({ workload, state }) => (state === 'stopped' ? [] : [workload])),
  );
  const needed = new Set(
    cleaning.filter(({ id }) => !running.has(id)).flatMap((one) => [...onItsNode(site, one)]),
  );
  const failed = new Map<string, string>();
  await Promise.all(
    [...needed].map(async (one) => {
      if (!running.has(one.id)) await start(site, one).catch((error) => failed.set(one.id, messageOf(error)));
    }),
  );
  const left: string[] = [];
  for (const workload of cleaning) {
    const why = failed.get(workload.id);
    if (why !== undefined) left.push(`${workload.id} may have left something on its node: ${why}`);
    else left.push(...(await cleanAll(site, workload, instances)));
  }
  return left;
}

/**
 * Cleans up after a workload: where an engine placed its instances by itself, on each node that has one, where that answers; on a node that is lost nothing
 * can be run. Gives why something may be left.
 */
async function cleanAll(
  site: Site,
  workload: Workload,
  instances: readonly ObservedInstance[],
): Promise<string[]> {
  const placed = instances.flatMap(({ workload: of, name, node, state }) =>
    site.engine.whole && of === workload.id && name !== undefined && state !== 'stopped'
      ? [{ name, node, answers: state === 'running' }]
      : [],
  );
  const all =
    placed.length > 0 ? placed : [{ name: site.instanceName(workload.id), node: 'its node', answers: true }];
  const limit = new Limit(together);
  const left = await Promise.all(
    all.map(async ({ name, node, answers }) => {
      const why = answers ? await limit.run(0, () => clean(site, name, workload)) : `${name} does not answer`;
      return why === null ? [] : [`${workload.id} may have left something on ${node}: ${why}`];
    }),
  );
  return left.flat();
}

function workloadsOf({ resources }: Site): Workload[] {
  return [...resources.values()].filter((resource) => resource.kind === 'workload');
}

/** A workload and what it needs on its own node, to any depth. */
function onItsNode(site: Site, workload: Workload, found = new Set<Workload>()): Set<Workload> {
  if (found.has(workload)) return found;
  found.add(workload);
  for (const need of workload.needs) {
    const there = need.kind === 'component' && need.on === 'node' ? need.component : undefined;
    const needed = workloadsOf(site).find(({ id }) => id === there);
    if (needed) onItsNode(site, needed, found);
  }
  return found;
}

async function start(site: Site, workload: Workload): Promise<void> {
  const instance = site.instanceName(workload.id);
  await site.ask(() => site.engine.startInstance(workload, instance, site.provision(workload)));
}

/** Runs the command in an instance until it succeeds; gives why it does not in time. One that does not end is interrupted. */
async function clean(site: Site, instance: string, { cleanup }: Workload): Promise<string | null> {
  if (cleanup === null) return null;
  const late = new AbortController();
  const limit = after(time, () => late.abort());
  try {
    for (let last: string | null = null; ; await pause(again)) {
      const why = await inside(site, instance, cleanup, late.signal).then(() => null, messageOf);
      if (why === null) return null;
      if (late.signal.aborted) return last ?? `it did not end in ${time} s`;
      last = why;
    }
  } finally {
    limit();
  }
}
