import type { Observed } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';

/** What references of images mean on the nodes: their ids. */
export type ImageIds = ReadonlyMap<string, string>;

/** The ids that nodes have for references; those of the first node where they differ. */
export function imageIds(observed: Observed): ImageIds {
  const nodes = observed.nodes ?? [];
  return new Map(nodes.toReversed().flatMap((node) => Object.entries(node.imageIds ?? {})));
}

/** The id that a reference means; undefined where nobody knows. A reference may be an id itself. */
export function idBehind(ids: ImageIds, reference: string): string | undefined {
  return reference.startsWith('sha256:') ? reference : ids.get(reference);
}

/** The ids of the images that a desired state names, as far as they are known. */
export function imagesOf(desired: Desired, ids: ImageIds): Record<string, string> {
  const names = desired.resources.flatMap((resource) => ('image' in resource ? [resource.image] : []));
  return Object.fromEntries(
    [...new Set(names)].sort().flatMap((name) => {
      const id = idBehind(ids, name);
      return id === undefined ? [] : [[name, id] as const];
    }),
  );
}
