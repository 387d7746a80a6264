/** The dependency graph of a desired state: made, and printed for people and for tools. */
export { buildGraph } from './graph/build.ts';
export { toDot } from './graph/dot.ts';
export { toMermaid } from './graph/mermaid.ts';
export { toText } from './graph/text.ts';
export type { Graph, GraphEdge, GraphNode, OpenNeed } from './graph/types.ts';
