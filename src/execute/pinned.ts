import type { Observed } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { imageIds } from '../plan/image-ids.ts';
import type { Revision } from '../state/store.ts';

/** A revision's desired state with the very images that it ran: where a reference means another image by now, the id stands in its place. */
export function pinned(
  { desired, images }: Pick<Revision, 'desired' | 'images'>,
  observed: Observed,
): Desired {
  const now = imageIds(observed);
  const moved = new Map(Object.entries(images).filter(([reference, id]) => now.get(reference) !== id));
  if (moved.size === 0) return desired;
  const resources = desired.resources.map((one) =>
    'image' in one && moved.has(one.image) ? { ...one, image: moved.get(one.image) ?? one.image } : one,
  );
  return { ...desired, resources };
}
