import { gone } from './apply.ts';
import type { Site } from './cluster.ts';
import type { Runs } from './runs.ts';
import { appsOf } from './shapes.ts';
import { removeVolumes } from './volumes.ts';

/** What stays in ZooKeeper where data is kept: its history, which volumes there are, and on which agent. */
const kept = ['state', 'volumes', 'framework'];

/** Takes away what carries a deployment's label, and waits until it is gone; then what lies in ZooKeeper for it. */
export async function destroyAll(site: Site, runs: Runs, keep: { readonly data: boolean }): Promise<void> {
  const { deployment, marathon, znodes, records, signal } = site;
  const apps = await appsOf(site);
  const ids = apps.map(({ id }) => id);
  await Promise.all(ids.map((id) => marathon.remove(`/v2/apps${id}`, true, signal)));
  await gone(site, ids);
  await removeGroups(site);
  if (keep.data) return znodes.remove(kept);
  const volumes = await records.owned('volumes');
  if (volumes.length > 0) await removeVolumes(site, runs, deployment, volumes);
  await znodes.remove();
}

/** The groups that apps were in stay behind, and go where nobody else has put anything into them. */
async function removeGroups({ deployment, marathon, signal }: Site): Promise<void> {
  const query = 'embed=group.apps&embed=group.groups&embed=group.pods';
  const group = await marathon.look(`/v2/groups/${deployment}?${query}`, signal);
  if (group === null || hasApps(group)) return;
  await marathon.remove(`/v2/groups/${deployment}`, true, signal);
}

function hasApps(group: unknown): boolean {
  const { apps = [], pods = [], groups = [] } = group as Record<string, unknown[] | undefined>;
  return apps.length > 0 || pods.length > 0 || groups.some(hasApps);
}
