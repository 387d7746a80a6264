import { keyOf, type Task } from '../model/resource.ts';
import { after, failure, type Site } from './site.ts';

/** Runs a task to its end, as often as its retries say. KLG-505 when it ends badly, or not in time. */
export async function runTask(site: Site, task: Task): Promise<void> {
  const [node = ''] = task.placement.nodes;
  const ref = { key: keyOf(task), instance: site.instanceName(task.id), node };
  const ended = Promise.withResolvers<number>();
  ended.promise.catch(() => undefined);
  const ours = Promise.withResolvers<string>();
  let runs = 0;
  const forget = site.on(ref.instance, async (event) => {
    if (event.type !== 'exited') return site.emit({ ...ref, ...event });
    // The one that had the name before ends too, to give way.
    if (event.container !== (await ours.promise)) return;
    site.emit({ ...ref, ...event });
    if (event.code === 0 || ++runs > task.retries) ended.resolve(event.code);
  });
  const most = site.patience + task.timeout;
  const limit = after(most, () => ended.reject(failure('KLG-505', `${task.id} did not end in ${most} s`)));
  try {
    ours.resolve(await site.ask(() => site.engine.startTask(task, site.provision(task))));
    const code = await site.unlessAborted(ended.promise);
    if (code !== 0) throw failure('KLG-505', `${task.id} ended with ${code}`);
  } finally {
    forget();
    limit();
  }
}
