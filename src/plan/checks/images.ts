import type { Finding } from '../../model/error.ts';
import { namesText } from '../reasons/nodes.ts';
import type { CheckInput } from './placed.ts';

/**
 * Where an image can be had: on the nodes already, from a recipe, from a registry; or that nobody knows of any
 * place.
 */
export type ImageSource = (reference: string) => 'present' | 'built' | 'registry' | 'unknown';

/**
 * KLG-406: images that cannot be had. Asks `source`; without it, an image must be offered by a registry or be on
 * every node that was looked at. Where neither the registry nor the nodes were looked at, nothing is said.
 */
export function checkImages(input: CheckInput, source?: ImageSource): Finding[] {
  const seen = source ?? fromObserved(input);
  if (!seen) return [];
  const users = new Map<string, string[]>();
  for (const resource of input.desired.resources) {
    if (resource.kind !== 'workload' && resource.kind !== 'task') continue;
    const others = users.get(resource.image);
    if (others) others.push(resource.id);
    else users.set(resource.image, [resource.id]);
  }
  return [...users]
    .filter(([image]) => seen(image) === 'unknown')
    .map(([image, ids]) => ({
      code: 'KLG-406',
      severity: 'error',
      message: `the image ${image} cannot be had; ${namesText(ids)} ${ids.length === 1 ? 'needs' : 'need'} it`,
    }));
}

function fromObserved({ observed }: CheckInput): ImageSource | null {
  const lists = observed.nodes?.flatMap((node) => (node.images ? [new Set(node.images)] : [])) ?? [];
  const whole = lists.length > 0 && lists.length === observed.nodes?.length;
  if (!observed.images || !whole) return null;
  const offered = new Set(observed.images);
  return (image) =>
    offered.has(image) ? 'registry' : lists.every((list) => list.has(image)) ? 'present' : 'unknown';
}
