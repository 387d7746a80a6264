import type { Place } from '../../model/error.ts';

/** A file's text, and the places in it. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lines: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** Line and column (from 1) of an offset in the text. The lines are counted only when a place is asked for. */
  place(offset: number): Place {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  #starts(): number[] {
    if (this.#lines) return this.#lines;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1))
      starts.push(at + 1);
    this.#lines = starts;
    return starts;
  }
}

/** A value of a YAML file that knows where it stands, also when other files were laid over it. */
export type YamlNode = ScalarNode | MapNode | ListNode;

interface Placed {
  readonly source: Source;
  readonly start: number;
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As it is written (quotes and escapes resolved): `2025.10`, where the value is the number 2025.1. */
  readonly text: string;
}

export interface Entry {
  /** Where the key stands. */
  readonly source: Source;
  readonly start: number;
  readonly node: YamlNode;
}

export interface MapNode extends Placed {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface ListNode extends Placed {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

/** The plain data of a node. */
export function toValue(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toValue);
  const value: Record<string, unknown> = {};
  for (const [key, entry] of node.entries) value[key] = toValue(entry.node);
  return value;
}

/** The node at a path; undefined where there is none. */
export function nodeAt(root: YamlNode, path: readonly PropertyKey[]): YamlNode | undefined {
  let node: YamlNode | undefined = root;
  for (const step of path) node = node && stepInto(node, step)?.node;
  return node;
}

/**
 * Where the value at a path stands; where a value begins on a later line than its key, where the key stands.
 * A path that leads nowhere gives the place of the nearest thing around it.
 */
export function placeAt(root: YamlNode, path: readonly PropertyKey[]): Place {
  let node = root;
  let place: Place | undefined;
  for (const step of path) {
    const next = stepInto(node, step);
    if (!next) return place ?? beginning(node);
    node = next.node;
    const key = next.key?.source.place(next.key.start);
    const value = beginning(node);
    place = key && (key.file !== value.file || key.line !== value.line) ? key : value;
  }
  return place ?? beginning(node);
}

/** Where the key at the end of a path stands. */
export function keyPlaceAt(root: YamlNode, path: readonly PropertyKey[]): Place {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path.at(-1);
  const key = parent && last !== undefined ? stepInto(parent, last)?.key : undefined;
  return key ? key.source.place(key.start) : placeAt(root, path);
}

function beginning(node: YamlNode): Place {
  return node.source.place(node.start);
}

function stepInto(node: YamlNode, step: PropertyKey): { node: YamlNode; key?: Entry } | undefined {
  if (node.kind === 'map') {
    const entry = node.entries.get(String(step));
    return entry && { node: entry.node, key: entry };
  }
  const item = node.kind === 'list' ? node.items[Number(step)] : undefined;
  return item && { node: item };
}
