import type { Workload } from '../../model/resource.ts';
import { type Published, partsOf, renewal } from '../outdated.ts';
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

/** What an app is to say of the values that its tasks are filled with. */
export async function renewalOf(
  site: Site,
  workload: Workload,
  live: AppShape | null,
): Promise<string | undefined> {
  if (!workload.follows || live === null) return undefined;
  const [instances, values] = await Promise.all([instancesOf(site, live), published(site, [workload])]);
  const staying = instances.filter(({ isCurrent }) => isCurrent);
  return renewal(
    workload,
    staying.map(({ filled }) => filled),
    values,
    live.labels[label.filled],
  );
}
