import type { Mode, ObservedInstance } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';
import { inside } from './inside.ts';
import type { Site } from './site.ts';

export type NamedInstance = ObservedInstance & { readonly name: string };

/** Stops an instance as its workload says, and removes it; its own command to stop is tried, and does not decide. */
export async function takeAway(site: Site, workload: Workload | undefined, instance: string): Promise<void> {
  const { engine, desired } = site;
  if (workload?.stop.command) await inside(site, instance, workload.stop.command).catch(() => null);
  await site.ask(() => engine.removeInstance(desired.deployment, instance));
}

/** What is done to an instance before it is waited for. */
export async function act(
  site: Site,
  workload: Workload,
  old: Workload | undefined,
  instance: NamedInstance,
  mode: Mode,
): Promise<void> {
  if (mode !== 'in-place' && mode !== 'reload') {
    // Another fingerprint makes it give way by itself; what was made of the same one, and is not right, would be left.
    if (old?.stop.command || instance.fingerprint === workload.fingerprint)
      await takeAway(site, old, instance.name);
    return;
  }
  const { engine, desired } = site;
  const provision = site.provision(workload, site.numberOf(workload, instance.name));
  await site.ask(() => engine.refreshInstance(workload, instance.name, provision));
  if (mode !== 'reload' || !workload.reload) return;
  const { signal, command } = workload.reload;
  if (command) await inside(site, instance.name, command);
  if (signal) await site.ask(() => engine.signalInstance(desired.deployment, instance.name, signal));
}
