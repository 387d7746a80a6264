import type { YamlNode } from './node.ts';
import { type Cursor, unusual } from './quick-scalar.ts';

const maxDepth = 60;

/** Values that have a name (`&name`), for those that repeat them (`*name`). */
export class Anchors {
  readonly #nodes = new Map<string, YamlNode>();

  set(name: string, node: YamlNode): void {
    this.#nodes.set(name, node);
  }

  /** Reads the name after `&` or `*`; moves behind it. */
  name(cursor: Cursor): string {
    const start = ++cursor.at;
    while (/[A-Za-z0-9_-]/.test(cursor.char)) cursor.at++;
    if (cursor.at === start || !' \n,]}'.includes(cursor.char)) throw unusual;
    return cursor.text.slice(start, cursor.at);
  }

  /** The value that `*name` repeats. Its values count again, since whoever walks the data meets them again. */
  alias(cursor: Cursor, depth: number): YamlNode {
    const node = this.#nodes.get(this.name(cursor));
    if (!node) throw unusual;
    count(node, cursor, depth);
    return node;
  }
}

function count(node: YamlNode, cursor: Cursor, depth: number): void {
  cursor.count();
  if (depth > maxDepth) throw unusual;
  if (node.kind === 'list') for (const item of node.items) count(item, cursor, depth + 1);
  if (node.kind === 'map')
    for (const { node: inner } of node.entries.values()) count(inner, cursor, depth + 1);
}
