import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deploymentFileName, loadDeployment, openDeployment } from '../load/deployment.ts';
import type { Switched } from '../load/services-on.ts';
import { KollageError } from '../model/error.ts';
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
  const { file, text } = openDeployment(folder).read(deploymentFileName) ?? {
    file: deploymentFileName,
    text: '',
  };
  try {
    writeFileSync(join(folder, deploymentFileName), setServices(text, changed));
  } catch (cause) {
    if (cause instanceof KollageError) throw cause;
    throw new KollageError({ code: 'KLG-903', message: `${file} cannot be written` }, { cause });
  }
  return changed;
}
