import type { Finding } from '../../model/error.ts';
import type { Desired } from '../../model/resource.ts';
import { buildGraph } from '../graph/build.ts';
import type { Graph } from '../graph/types.ts';
import { checkCapacity } from './capacity.ts';
import { checkImages, type ImageSource } from './images.ts';
import { checkCircles, checkOpenNeeds } from './needs.ts';
import { checkNodes, checkSameNode } from './nodes.ts';
import { checkPaths } from './paths.ts';
import { type CheckInput, type Placed, placed } from './placed.ts';
import { checkEndpoints, checkPorts } from './ports.ts';
import { checkRights } from './rights.ts';
import { checkVolumes } from './volumes.ts';

export type { ImageSource } from './images.ts';
export type { CheckInput } from './placed.ts';

/**
 * Everything that can be known to stand against a desired state before anything is touched: mistakes in it (KLG-202
 * to 204), and where it does not fit the nodes (KLG-401 to 406, 409, 410). Pure; never throws. What was not observed is
 * taken to be fine.
 */
export function runChecks(input: CheckInput & { readonly images?: ImageSource }): Finding[] {
  const graph = buildGraph(input.desired);
  const all = placed(input);
  return [
    ...mistakes(input, graph, all),
    ...checkNodes(input, graph, all),
    ...checkSameNode(graph, all),
    ...checkPorts(input, all),
    ...checkPaths(input, all),
    ...checkVolumes(input),
    ...checkCapacity(input, all),
    ...checkRights(input, all),
    ...checkImages(input, input.images),
  ];
}

/**
 * The mistakes of a desired state that hold wherever it runs: needs that name nothing, circles of needs, ports
 * alike (KLG-202 to 204).
 */
export function checkDesired(desired: Desired): Finding[] {
  const input: CheckInput = { desired, last: null, observed: {} };
  return mistakes(input, buildGraph(desired), placed(input));
}

function mistakes(input: CheckInput, graph: Graph, all: readonly Placed[]): Finding[] {
  return [...checkOpenNeeds(input.desired, graph), ...checkCircles(graph), ...checkEndpoints(input, all)];
}
