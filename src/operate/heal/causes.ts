import type { Desired, Workload } from '../../model/resource.ts';

/**
 * Of the workloads that are not well, those that are so by themselves: none of what they need is in the list too. Starting anew what
 * only misses its database helps nobody. Where they need one another in a circle, all of the circle count.
 */
export function causes(desired: Desired, unwell: ReadonlySet<string>): ReadonlySet<string> {
  const offered = new Map(
    desired.resources.flatMap((resource) =>
      resource.kind === 'endpoint' ? [[resource.id, resource.workload] as const] : [],
    ),
  );
  const workloads = desired.resources.filter(
    (resource): resource is Workload => resource.kind === 'workload' && unwell.has(resource.id),
  );
  const needed = new Map(
    workloads.map((workload) => [
      workload.id,
      workload.needs.flatMap((need) => {
        const id =
          need.kind === 'endpoint'
            ? offered.get(need.endpoint)
            : need.kind === 'component'
              ? need.component
              : undefined;
        return id !== undefined && id !== workload.id && unwell.has(id) ? [id] : [];
      }),
    ]),
  );
  const reaches = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
    for (const next of needed.get(from) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      reaches(next, seen);
    }
    return seen;
  };
  // A cause reaches nothing that does not reach it back.
  return new Set(
    [...needed.keys()].filter((id) => [...reaches(id)].every((other) => reaches(other).has(id))),
  );
}
