import type { Finding } from '../../model/error.ts';
import { keyOf } from '../../model/resource.ts';
import { namesText } from '../reasons/nodes.ts';
import type { CheckInput } from './placed.ts';

/**
 * KLG-410: volumes of the last revision that are wanted still, and are not there any more. What they held is lost, and the tasks that filled them
 * are done: with empty ones in their place a database would begin anew, and nobody would know.
 */
export function checkVolumes({ desired, last, observed }: CheckInput): Finding[] {
  if (!last || !observed.volumes) return [];
  const there = new Set(observed.volumes);
  const had = new Set(last.resources.map(keyOf));
  const users = desired.resources.flatMap((one) =>
    'mounts' in one
      ? one.mounts.flatMap(({ type, source }) => (type === 'volume' ? [{ volume: source, id: one.id }] : []))
      : [],
  );
  return desired.resources.flatMap((one) => {
    if (one.kind !== 'volume' || !had.has(keyOf(one)) || there.has(one.id)) return [];
    const by = namesText(users.filter(({ volume }) => volume === one.id).map(({ id }) => id));
    return [{ code: 'KLG-410', severity: 'error', message: `the volume ${one.id} of ${by} is gone` }];
  });
}
