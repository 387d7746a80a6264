import type { InstanceRef } from '../model/event.ts';
import type { Change } from '../model/plan.ts';
import { type Balances, keyOf, type Workload } from '../model/resource.ts';
import type { Acts } from '../plan/acts.ts';
import { assign } from '../plan/instances.ts';
import { act } from './act.ts';
import { bringUp } from './outputs.ts';
import type { Site } from './site.ts';
import { type NamedInstance, takeAway } from './take-away.ts';

/** A balancer that runs. */
export interface RunningBalancer {
  readonly name: string;
  readonly balances: Balances;
}

/** What is known of a workload before it is changed. */
export interface Before {
  readonly acts: Acts;
  /** Its instances as the engine has them. */
  readonly there: readonly NamedInstance[];
  /** The balancers that run, which are told of what comes and goes behind them. */
  readonly balancers: readonly RunningBalancer[];
}

/**
 * Makes each instance of a workload what it shall be, and waits until all are healthy: those that are new all at once, those that are
 * acted on as many at a time as the update policy allows where the change rolls. Then takes away the ones that are too many. KLG-504.
 */
export async function changeWorkload(
  site: Site,
  workload: Workload,
  change: Change | undefined,
  { acts, there }: Before,
): Promise<void> {
  const nodes = assign(
    workload,
    there.map(({ node }) => node),
  );
  const wanted = nodes.map((node, index): InstanceRef => {
    return { key: keyOf(workload), instance: site.instanceName(workload.id, index + 1), node };
  });
  const seen = new Map(there.map((instance) => [instance.name, instance]));
  const old = acts.before(workload.id);
  const one = async (ref: InstanceRef) => {
    const instance = seen.get(ref.instance);
    const mode = instance ? acts.modeOf(workload, instance) : null;
    if (instance && mode !== null) await act(site, workload, old, instance, mode);
    await bringUp(site, workload, ref);
  };
  const isActedOn = ({ instance }: InstanceRef) => {
    const found = seen.get(instance);
    return found !== undefined && found.state !== 'stopped' && acts.modeOf(workload, found) !== null;
  };
  const { maxUnavailable, batch } = workload.update;
  const size = change?.mode === 'roll' ? Math.max(1, Math.min(maxUnavailable, batch)) : wanted.length;
  await together(
    wanted.filter((ref) => !isActedOn(ref)),
    wanted.length,
    one,
  );
  await together(wanted.filter(isActedOn), size, one);
  const names = new Set(wanted.map(({ instance }) => instance));
  const tooMany = there.filter(({ name }) => !names.has(name));
  await Promise.all(tooMany.map((instance) => takeAway(site, old ?? workload, instance)));
}

/** All of them, at most so many at a time. */
async function together<T>(all: readonly T[], size: number, work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += size) await Promise.all(all.slice(at, at + size).map(work));
}
