import type { Switched } from '../load/services-on.ts';
import { buildGraph, toDot, toMermaid, toText } from '../plan/graph.ts';
import { prepare } from './prepare.ts';

/** How a graph can be printed. */
export const graphFormats = { text: toText, dot: toDot, mermaid: toMermaid } as const;

/** The dependency graph of a deployment folder, printed. */
export async function graphOfDeployment(
  folder: string,
  format: keyof typeof graphFormats,
  services: Switched = {},
): Promise<string> {
  const { desired } = await prepare(folder, { services });
  return graphFormats[format](buildGraph(desired));
}
