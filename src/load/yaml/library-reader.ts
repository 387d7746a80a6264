import type { Alias, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { type Finding, KollageError } from '../../model/error.ts';
import { yaml } from './library-module.ts';
import { yamlFinding, yamlMistake } from './mistakes.ts';
import type { Entry, MapNode, Source, YamlNode } from './node.ts';
import { type Dialect, plainScalar } from './scalar.ts';

/** More values than any real file has, those that aliases repeat included. */
const maxValues = 300_000;
const maxDepth = 64;
// Neither names what it found: a password that begins with * or ! is one of the ways to get here.
const noAnchor = 'no value before this one has this name; a text that begins with * must be in quotes';
const vault = 'a value is encrypted by ansible-vault; decrypt it with `ansible-vault decrypt`';

/** Turns the library's nodes into ours. Throws KLG-102. */
export class LibraryReader {
  readonly #source: Source;
  readonly #dialect: Dialect;
  readonly #warn: (finding: Finding) => void;
  readonly #anchors = new Map<string, { node: YamlNode; values: number; height: number }>();
  #values = 0;
  #deepest = 0;

  constructor(source: Source, dialect: Dialect, warn: (finding: Finding) => void) {
    this.#source = source;
    this.#dialect = dialect;
    this.#warn = warn;
  }

  node(node: Node, depth: number): YamlNode {
    const start = node.range?.[0] ?? 0;
    this.#count(1, depth, start);
    if (yaml().isAlias(node)) return this.#alias(node, depth, start);
    const anchor =
      yaml().isScalar(node) || yaml().isMap(node) || yaml().isSeq(node) ? node.anchor : undefined;
    if (anchor === undefined) return this.#content(node, depth, start);
    const before = { values: this.#values, deepest: this.#deepest };
    this.#deepest = depth;
    const content = this.#content(node, depth, start);
    const height = this.#deepest - depth;
    this.#anchors.set(anchor, { node: content, values: this.#values - before.values + 1, height });
    this.#deepest = Math.max(this.#deepest, before.deepest);
    return content;
  }

  #content(node: Node, depth: number, start: number): YamlNode {
    if (yaml().isScalar(node)) return this.#scalar(node, start);
    if (yaml().isMap(node)) return this.#map(node, depth, start);
    if (yaml().isSeq(node)) return this.#list(node, depth, start);
    throw this.#mistake('this cannot be read', start);
  }

  #scalar(node: Scalar, start: number): YamlNode {
    const tag = this.#tag(node.tag, ['str', 'null', 'bool', 'int', 'float'], start);
    const text = String(node.value ?? '');
    const plain = tag !== 'str' && (node.type === undefined || node.type === 'PLAIN');
    const value = plain ? plainScalar(text, this.#dialect) : text;
    return { kind: 'scalar', source: this.#source, start, value, text };
  }

  #list(node: YAMLSeq, depth: number, start: number): YamlNode {
    this.#tag(node.tag, ['seq'], start);
    const items = node.items.map((item) => this.#child(item, depth, start));
    return { kind: 'list', source: this.#source, start, items };
  }

  #map(node: YAMLMap, depth: number, start: number): MapNode {
    this.#tag(node.tag, ['map'], start);
    const entries = new Map<string, Entry>();
    const merged: YamlNode[] = [];
    for (const pair of node.items) this.#pair(pair, depth, start, entries, merged);
    for (const from of merged) {
      for (const [key, entry] of from.kind === 'map' ? from.entries : [])
        if (!entries.has(key)) entries.set(key, entry);
    }
    return { kind: 'map', source: this.#source, start, entries };
  }

  #pair(pair: Pair, depth: number, around: number, entries: Map<string, Entry>, merged: YamlNode[]): void {
    const key = this.#key(pair.key, around);
    const start = offset(pair.key) ?? around;
    const node = this.#child(pair.value, depth, start);
    if (key === '<<' && node.kind !== 'scalar') {
      merged.push(...(node.kind === 'list' ? node.items : [node]));
      return;
    }
    if (key === '__proto__') throw this.#mistake('__proto__ cannot be a key', start);
    if (entries.has(key)) {
      const twice = yamlFinding(this.#source, start, `the key ${key} stands here a second time`);
      // PyYAML takes the last one without a word, so an operator's folder that works may have this.
      if (this.#dialect === '1.2') throw new KollageError(twice);
      this.#warn({ ...twice, severity: 'warning', message: `${twice.message}; the last one counts` });
    }
    entries.set(key, { source: this.#source, start, node });
  }

  #key(key: unknown, around: number): string {
    if (yaml().isScalar(key)) return String(key.value ?? '');
    const message = 'a key must be a text; a value that begins with {{ must be in quotes';
    throw this.#mistake(message, offset(key) ?? around);
  }

  #child(child: unknown, depth: number, around: number): YamlNode {
    if (!isNode(child) || isEmpty(child)) {
      this.#count(1, depth, around);
      return { kind: 'scalar', source: this.#source, start: around, value: null, text: '' };
    }
    return this.node(child, depth + 1);
  }

  #alias(alias: Alias, depth: number, start: number): YamlNode {
    const anchor = this.#anchors.get(alias.source);
    if (!anchor) throw this.#mistake(noAnchor, start);
    this.#count(anchor.values, depth + anchor.height, start);
    return anchor.node;
  }

  /** The short name of a tag; undefined without one. */
  #tag(tag: string | undefined, allowed: readonly string[], start: number): string | undefined {
    const short = tag?.replace('tag:yaml.org,2002:', '');
    if (short === undefined || allowed.includes(short)) return short;
    throw this.#mistake(short === '!vault' ? vault : yamlMistake('TAG_RESOLVE_FAILED'), start);
  }

  #count(values: number, depth: number, start: number): void {
    this.#values += values;
    this.#deepest = Math.max(this.#deepest, depth);
    if (this.#values > maxValues || depth > maxDepth)
      throw this.#mistake(yamlMistake('RESOURCE_EXHAUSTION'), start);
  }

  #mistake(message: string, start: number): KollageError {
    return new KollageError(yamlFinding(this.#source, start, message));
  }
}

function offset(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function isNode(node: unknown): node is Node {
  return yaml().isNode(node);
}

/** Nothing after a key or a dash: the library puts it anywhere, so it is said to stand where the key does. */
function isEmpty(node: Node): boolean {
  const { isScalar } = yaml();
  return isScalar(node) && node.type === 'PLAIN' && node.source === '' && !node.tag && !node.anchor;
}
