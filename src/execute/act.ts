import type { Mode } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';
import { atSlot } from '../model/slots.ts';
import { inside } from './inside.ts';
import type { Site } from './site.ts';
import { type NamedInstance, takeAway } from './take-away.ts';

/** What is done to an instance before it is waited for. */
export async function act(
  site: Site,
  workload: Workload,
  old: Workload | undefined,
  instance: NamedInstance,
  mode: Mode,
): Promise<void> {
  if (mode !== 'in-place' && mode !== 'reload') {
    await takeAway(site, old, instance);
    return;
  }
  const { engine, desired } = site;
  const number = site.numberOf(workload, instance.name);
  const provision = site.provision(workload, number);
  await site.ask(() => engine.refreshInstance(atSlot(workload, number), instance.name, provision));
  if (mode !== 'reload' || !workload.reload) return;
  const { signal, command } = workload.reload;
  if (command) await inside(site, instance.name, command);
  if (signal) await site.ask(() => engine.signalInstance(desired.deployment, instance.name, signal));
}
