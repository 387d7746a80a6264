/** Names of nodes for a person: `a, b (2 times), c and 1,997 more`. */
export function nodesText(nodes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(node, (counts.get(node) ?? 0) + 1);
  const shown = [...counts]
    .slice(0, counts.size === 4 ? 4 : 3)
    .map(([node, count]) => (count > 1 ? `${node} (${count} times)` : node));
  const more = counts.size - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more.toLocaleString('en')} more` : '');
}

/** Names for a person: `a, b, c and 4 more`. */
export function namesText(names: readonly string[]): string {
  return nodesText([...new Set(names)]);
}
