import { loadDeployment } from '../load/deployment.ts';
import type { Switched } from '../load/services-on.ts';
import { changeDeploymentFile } from './kollage-yaml/write.ts';
import { setServices } from './services/edit.ts';

/**
 * Switches services in the deployment's kollage.yaml, so that whoever brings it up next means the same; gives what was switched, sorted.
 * Nothing is written where the folder could not be brought up so: throws what loading it throws (KLG-105 for unknown names, KLG-109 for a
 * service that another one needs).
 */
export async function switchServices(
  folder: string,
  switched: Switched,
): Promise<ReadonlyMap<string, boolean>> {
  if (!switched.with?.length && !switched.without?.length) return new Map();
  const before = new Set((await loadDeployment(folder)).deployment.services);
  const after = new Set((await loadDeployment(folder, { services: switched })).deployment.services);
  const names = [...before, ...after].filter((name) => before.has(name) !== after.has(name)).sort();
  const changed = new Map(names.map((name) => [name, after.has(name)] as const));
  if (changed.size === 0) return changed;
  changeDeploymentFile(folder, (text) => setServices(text, changed));
  return changed;
}
