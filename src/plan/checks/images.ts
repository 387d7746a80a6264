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
  const wanting = input.desired.resources.filter((resource) => 'image' in resource);
  return [...Map.groupBy(wanting, ({ image }) => image)]
    .filter(([image]) => seen(image) === 'unknown')
    .map(([image, users]) => ({
      code: 'KLG-406',
      // The platform runs without its operator's tools.
      severity: users.every(({ kind }) => kind === 'tool') ? 'warning' : 'error',
      message: `the image ${image} cannot be had; ${namesText(users.map(({ id }) => id))} ${users.length === 1 ? 'needs' : 'need'} it`,
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
