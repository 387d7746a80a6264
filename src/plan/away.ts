import type { Finding } from '../model/error.ts';
import type { Change, Observed } from '../model/plan.ts';
import { type Desired, keyOf } from '../model/resource.ts';

/**
 * KLG-411: what is on each node of a role would be made anew, and one of these nodes does not answer. What makes the instances waits for it, and lets none of the
 * others be away meanwhile.
 */
export function nodesAway(
  { desired, observed }: { readonly desired: Desired; readonly observed: Observed },
  changes: readonly Change[],
): Finding[] {
  const changed = new Set(
    changes.flatMap(({ key, mode = 'in-place' }) => (mode === 'in-place' ? [] : [key])),
  );
  return desired.resources.flatMap((one): Finding[] => {
    if (one.kind !== 'workload' || 'replicas' in one.scale || !changed.has(keyOf(one))) return [];
    const away = (observed.instances ?? []).find(
      (instance) =>
        instance.workload === one.id &&
        instance.away !== undefined &&
        one.placement.nodes.includes(instance.node),
    );
    if (!away) return [];
    const message = `${one.id} is to be changed on each node: ${away.away}`;
    return [{ code: 'KLG-411', severity: 'error', message }];
  });
}
