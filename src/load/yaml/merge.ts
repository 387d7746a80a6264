import type { Entry, YamlNode } from './node.ts';

/**
 * Lays a later file over an earlier one: maps are merged key by key, anything else is replaced; a key that the later one
 * sets to null is taken out (as in RFC 7396), but for `default`, where null is a value. Each piece keeps its own place.
 */
export function mergeNodes(earlier: YamlNode, later: YamlNode): YamlNode {
  if (earlier.kind !== 'map' || later.kind !== 'map') return later;
  const entries = new Map<string, Entry>(earlier.entries);
  for (const [key, entry] of later.entries) {
    const old = entries.get(key);
    if (!old) entries.set(key, entry);
    else if (entry.node.kind === 'scalar' && entry.node.value === null && key !== 'default')
      entries.delete(key);
    else entries.set(key, { ...entry, node: mergeNodes(old.node, entry.node) });
  }
  return { ...later, entries };
}
