import { setTimeout as pause } from 'node:timers/promises';
import type { InstanceRef } from '../model/event.ts';
import type { Workload } from '../model/resource.ts';
import { atSlot } from '../model/slots.ts';
import { graceOf } from './health.ts';
import { after, failure, type Site } from './site.ts';

/** Milliseconds between two probes of one instance. */
const probeEvery = 200;
/** So often may a workload's process die while it is brought up, before that is called a failure. */
const deaths = 3;
/** The start program's exit code when its needs were not met in time (images/start/README.md). */
const needsNotMet = 75;

/** Starts one instance, and waits until it is healthy. KLG-504 when it is not in time. */
export async function bringUp(site: Site, workload: Workload, ref: InstanceRef): Promise<void> {
  const number = site.numberOf(workload, ref.instance);
  const own = atSlot(workload, number);
  const start = () =>
    site.ask(() => site.engine.startInstance(own, ref.instance, site.provision(workload, number)));
  const progress = follow(site, ref, start);
  try {
    if (await progress.start()) progress.begin();
    await Promise.race([progress.begun, progress.failed]);
    await Promise.race([healthy(site, own, ref, progress.since), progress.failed]);
  } finally {
    progress.end();
  }
}

/**
 * Asks until all is as it should be. Gives up after the time of grace when the instance does not answer itself, and later when it does and what
 * the platform says of it is missing. KLG-504.
 */
export async function healthy(
  site: Site,
  workload: Workload,
  ref: InstanceRef,
  since: () => number | null,
): Promise<void> {
  const { own, platform } = graceOf(workload);
  const began = Date.now();
  let next = own;
  while (!site.until.aborted) {
    const why = await site.health.ask(workload, { ...ref, since: since() });
    if (why === null) break;
    const waited = Math.floor((Date.now() - began) / 1000);
    const last =
      waited >= platform ? why : waited >= next ? await site.health.probe(workload, ref.instance) : null;
    if (last !== null) throw failure('KLG-504', `${workload.id} is not healthy after ${waited} s: ${last}`);
    if (waited >= next) next += own;
    await pause(probeEvery, undefined, { signal: site.until }).catch(() => undefined);
  }
  if (!site.until.aborted) site.emit({ type: 'healthy', ...ref });
}

/**
 * What is heard of an instance while it comes up: that its process begins, or that it dies too often. What died is started again, which is nothing
 * where the engine does that by itself, and all where somebody killed, stopped or removed it.
 */
function follow(site: Site, ref: InstanceRef, start: () => Promise<{ container: string; begun: boolean }>) {
  const begun = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  // Nobody may be listening when the run ends otherwise.
  failed.promise.catch(() => undefined);
  const containers = new Set<string>();
  const made = Promise.withResolvers<void>();
  const startIt = async () => {
    const { container, begun } = await start();
    containers.add(container);
    made.resolve();
    return begun;
  };
  let died = 0;
  // When its process began, or ended last.
  let since: number | null = null;
  const forget = site.on(ref.instance, async (event) => {
    // The one that had the name before ends too, to give way.
    if (event.type === 'exited') {
      await made.promise;
      if (!containers.has(event.container)) return;
    }
    site.emit({ ...ref, ...event });
    if (event.type !== 'waiting') since = Date.now();
    if (event.type === 'started') begun.resolve();
    if (event.type !== 'exited') return;
    if (event.code === needsNotMet || ++died >= deaths) {
      const again = died > 1 ? ' again and again' : '';
      failed.reject(failure('KLG-504', `${ref.instance} ends with ${event.code}${again}`));
    } else await startIt().catch(failed.reject);
  });
  const aborted = site.aborted();
  aborted.promise.catch((error: unknown) => failed.reject(error));
  const limit = after(site.patience, () =>
    failed.reject(failure('KLG-504', `${ref.instance} did not start in ${site.patience} s`)),
  );
  begun.promise.then(limit);
  return {
    begun: begun.promise,
    failed: failed.promise,
    since: () => since,
    start: startIt,
    begin: () => {
      site.emit({ type: 'started', ...ref });
      since ??= Date.now();
      begun.resolve();
    },
    end: () => {
      forget();
      limit();
      aborted.forget();
    },
  };
}
