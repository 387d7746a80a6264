import { hash } from '../../compile/fingerprint.ts';
import type { Workload } from '../../model/resource.ts';
import { outdated, type Published, partsOf } from '../outdated.ts';
import type { Site } from './cluster.ts';
import { instancesOf } from './looked.ts';
import { label } from './names.ts';
import type { AppShape } from './shapes.ts';

/** What others have published of the outputs that some workloads follow. */
export async function published(
  { records }: Site,
  workloads: readonly Pick<Workload, 'follows'>[],
): Promise<Published> {
  const outputs = workloads.flatMap(({ follows = {} }) => Object.keys(follows));
  const ids = [...new Set(outputs.map((output) => partsOf(output).id))];
  const values = new Map(await Promise.all(ids.map(async (id) => [id, await records.outputs(id)] as const)));
  return (output) => {
    const { id, key } = partsOf(output);
    return values.get(id)?.[key];
  };
}

/**
 * What an app says so that its tasks are made anew where some were filled with values that are no more. What it said the last time stays: without it all
 * would be made anew. Undefined where it never had to.
 */
export async function renewal(
  site: Site,
  workload: Workload,
  live: AppShape | null,
): Promise<string | undefined> {
  const names = Object.keys(workload.follows ?? {});
  if (names.length === 0 || live === null) return undefined;
  const [instances, values] = await Promise.all([instancesOf(site, live), published(site, [workload])]);
  const isOld = instances.some(
    ({ filled, isCurrent }) => isCurrent && Object.keys(outdated(workload, filled, values)).length > 0,
  );
  return isOld
    ? hash(names.map((output) => [output, values(output) ?? null])).slice(0, 10)
    : live.labels[label.filled];
}
