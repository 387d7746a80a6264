/** `to` waits for `from`. */
export interface Edge<K> {
  readonly from: K;
  readonly to: K;
}

/**
 * The layer of each node: the longest way to it from what waits for nothing, from 0 (Kahn's algorithm). What stands
 * in a circle, or waits for one, gets the layer after all others. Linear in nodes and edges.
 */
export function layersOf<K>(nodes: readonly K[], edges: readonly Edge<K>[]): Map<K, number> {
  const waits = new Map<K, number>(nodes.map((node) => [node, 0]));
  const next = new Map<K, K[]>();
  for (const { from, to } of edges) {
    waits.set(to, (waits.get(to) ?? 0) + 1);
    const others = next.get(from);
    if (others) others.push(to);
    else next.set(from, [to]);
  }
  const layers = new Map<K, number>();
  let ready = nodes.filter((node) => waits.get(node) === 0);
  let layer = 0;
  for (; ready.length > 0; layer++) {
    const following: K[] = [];
    for (const node of ready) {
      layers.set(node, layer);
      for (const to of next.get(node) ?? []) {
        const left = (waits.get(to) ?? 0) - 1;
        waits.set(to, left);
        if (left === 0) following.push(to);
      }
    }
    ready = following;
  }
  for (const node of nodes) if (!layers.has(node)) layers.set(node, layer);
  return layers;
}
