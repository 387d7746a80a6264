import type { EventBody, InstanceRef } from '../model/event.ts';
import type { ObservedInstance } from '../model/plan.ts';
import type { Desired, ResourceKey, Workload } from '../model/resource.ts';
import { dependantsFirst } from '../plan/turns.ts';
import { inside } from './inside.ts';
import { type Access, after, Site } from './site.ts';

export type NamedInstance = ObservedInstance & { readonly name: string };

/** Seconds after which a stop is told of: most take less, and then tell nothing by it. */
const long = 1;

/** Stops an instance as its workload says, and removes it; its own command to stop is tried, and does not decide. */
export async function takeAway(
  site: Site,
  workload: Workload | undefined,
  { workload: id, name, node }: NamedInstance,
): Promise<void> {
  const { engine, desired } = site;
  const { whole } = engine;
  site.lives.rest(name);
  await toldStop(
    (event) => site.emit(event),
    { key: `workload:${id}`, instance: name, node },
    async () => {
      // One of a workload that makes its instances itself comes back when it is removed; how it stops, it knows.
      if (whole) return site.askToStop(() => whole.remove(desired.deployment, id));
      if (workload?.stop.command) await inside(site, name, workload.stop.command).catch(() => null);
      await site.askToStop(() => engine.removeInstance(desired.deployment, name));
    },
  );
}

/** Says of a stop that takes long that it goes on, and when it is over. */
export async function toldStop(
  emit: (event: EventBody) => void,
  ref: InstanceRef,
  stop: () => Promise<void>,
): Promise<void> {
  let isTold = false;
  const forget = after(long, () => {
    isTold = true;
    emit({ type: 'stopping', ...ref });
  });
  try {
    await stop();
    if (isTold) emit({ type: 'stopped', ...ref });
  } finally {
    forget();
  }
}

/** Takes many instances away, all at once but for this: who needs another of them, as `state` says, stops before it. */
export async function takeAllAway(
  site: Site,
  instances: readonly NamedInstance[],
  { resources }: Pick<Desired, 'resources'>,
): Promise<void> {
  const of = Map.groupBy(instances, ({ workload }): ResourceKey => `workload:${workload}`);
  const workloads = new Map(resources.flatMap((one) => (one.kind === 'workload' ? [[one.id, one]] : [])));
  await inTurns(dependantsFirst([...of.keys()], { resources }), async (key) => {
    const stops = (of.get(key) ?? []).map((one) => takeAway(site, workloads.get(one.workload), one));
    await Promise.all(stops);
  });
}

/** As `takeAllAway`, where no run goes on; `access.desired` is what runs. */
export async function stopAll(access: Access, instances: readonly NamedInstance[]): Promise<void> {
  const site = new Site(access);
  try {
    await takeAllAway(site, instances, access.desired);
  } finally {
    await site.close();
  }
}

/** Does something for each key, all at once but for this: each begins when those are done that it has to wait for. Throws the first failure. */
export async function inTurns<K>(
  turns: readonly (readonly [K, readonly K[]])[],
  act: (key: K) => Promise<void>,
): Promise<void> {
  const before = new Map(turns);
  const begun = new Map<K, Promise<void>>();
  const begin = (key: K): Promise<void> => {
    const done = begun.get(key) ?? Promise.all((before.get(key) ?? []).map(begin)).then(() => act(key));
    begun.set(key, done);
    return done;
  };
  await Promise.all(turns.map(([key]) => begin(key)));
}
