import { captured } from '../engines/io.ts';
import type { InstanceRef } from '../model/event.ts';
import type { Observed } from '../model/plan.ts';
import { keyOf, type Workload } from '../model/resource.ts';
import { followMode } from '../plan/outputs.ts';
import { act } from './act.ts';
import { Life } from './life.ts';
import { failure, type Site } from './site.ts';

/**
 * Starts one instance, waits until it is healthy, and publishes what its process has written; those that hold another value follow, and only
 * they. It is kept so until the run ends. KLG-504 when it is not healthy in time, or has not written what it should.
 */
export function bringUp(site: Site, workload: Workload, ref: InstanceRef): Promise<void> {
  return new Life(site, workload, ref, () => publish(site, workload, ref)).comeUp();
}

/** Publishes what the process of an instance has written, and brings it to those that hold another value. KLG-504 when it has not written what it should. */
export async function publish(site: Site, workload: Workload, ref: InstanceRef): Promise<void> {
  const outputs = Object.entries(workload.outputs);
  if (outputs.length === 0) return;
  const read = outputs.map(async ([key, path]): Promise<[string, string]> => {
    const { code, output } = await site.ask(() =>
      captured((io) => site.engine.exec(site.desired.deployment, ref.instance, ['cat', path], io)),
    );
    // The line end that a shell's echo leaves is no part of a value.
    if (code === 0) return [key, output.replace(/\n+$/, '')];
    throw failure('KLG-504', `${ref.instance} is healthy and has not written its output ${key} to ${path}`);
  });
  const values = Object.fromEntries(await Promise.all(read));
  await site.ask(() => site.engine.publish(site.desired.deployment, workload.id, values));
  await follow(site, new Set(outputs.map(([key]) => `${workload.id}:${key}`)));
}

/** Brings the new values into every instance whose files hold old ones. */
async function follow(site: Site, changed: ReadonlySet<string>): Promise<void> {
  const followers = [...site.resources.values()].flatMap((one) =>
    one.kind === 'workload' && Object.keys(one.follows ?? {}).some((name) => changed.has(name)) ? [one] : [],
  );
  // Instances that an engine makes by itself are filled in when they start, and keep that (renewals.ts).
  if (followers.length === 0 || site.engine.whole) return;
  const { instances = [] } = await site.ask(() => site.engine.observe(site.desired.deployment, site.desired));
  for (const workload of followers) {
    for (const instance of instances) {
      const { name, node, outdated = {} } = instance;
      const names = Object.keys(outdated).filter((output) => changed.has(output));
      if (instance.workload !== workload.id || name === undefined || names.length === 0) continue;
      const mode = followMode(workload, names);
      await act(site, workload, workload, { ...instance, name }, mode);
      if (mode !== 'in-place' && mode !== 'reload') {
        await bringUp(site, workload, { key: keyOf(workload), instance: name, node });
      }
    }
  }
}

/** Publishes what was written anew without us: a process that was started again by itself. Who follows is in the plan. */
export async function publishNews(site: Site, { instances = [] }: Observed): Promise<void> {
  const news = new Map(instances.flatMap(({ outdated = {} }) => Object.entries(outdated)));
  for (const { workload, outputs = {} } of instances) {
    const isNew = Object.entries(outputs).some(
      ([key, value]) => news.get(`${workload}:${key}`)?.after === value,
    );
    if (isNew) await site.ask(() => site.engine.publish(site.desired.deployment, workload, outputs));
  }
}
