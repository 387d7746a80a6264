import { needsNotMet } from '../engines/start-spec.ts';
import { keyOf, type Task } from '../model/resource.ts';
import { after, failure, type Site } from './site.ts';

/**
 * Runs a task to its end, as often as its retries say; on the way back also where it did not begin, for want of what it needs. KLG-505 when it ends
 * badly, or not in time.
 */
export async function runTask(site: Site, task: Task): Promise<void> {
  const [node = ''] = task.placement.nodes;
  const ref = { key: keyOf(task), instance: site.instanceName(task.id), node };
  const ended = Promise.withResolvers<number>();
  ended.promise.catch(() => undefined);
  const ours = new Set<string>();
  const made = Promise.withResolvers<void>();
  const start = async () => {
    ours.add(await site.ask(() => site.engine.startTask(task, site.provision(task))));
    made.resolve();
  };
  let runs = 0;
  let tries = site.times;
  const forget = site.on(ref.instance, async (event) => {
    if (event.type !== 'exited') return site.emit({ ...ref, ...event });
    await made.promise;
    // The one that had the name before ends too, to give way.
    if (!ours.has(event.container)) return;
    site.emit({ ...ref, ...event });
    if (event.code === needsNotMet && --tries > 0) await start().catch(ended.reject);
    else if (event.code === 0 || ++runs > task.retries) ended.resolve(event.code);
  });
  // Of an engine that makes a task's container by itself: what stands against that. Waiting may help, or is of no use.
  let trouble = '';
  const forgetTrouble = site.onWhole(task.id, (event) => {
    if (event.type !== 'trouble') return;
    trouble = event.why;
    if (trouble !== '') site.emit({ type: 'unhealthy', why: trouble, ...ref });
    if (event.fatal) ended.reject(failure('KLG-505', `${task.id} cannot run: ${trouble}`));
  });
  const most = site.patience + task.timeout * site.times;
  const limit = after(most, () =>
    ended.reject(
      failure('KLG-505', `${task.id} did not end in ${most} s${trouble === '' ? '' : `: ${trouble}`}`),
    ),
  );
  try {
    await start();
    const code = await site.unlessAborted(ended.promise);
    if (code !== 0) throw failure('KLG-505', `${task.id} ended with ${code}`);
  } finally {
    forget();
    forgetTrouble();
    limit();
  }
}
