import type { Entry, Source, YamlNode } from './node.ts';
import type { Anchors } from './quick-anchors.ts';
import { beginsPlain, type Cursor, unusual } from './quick-scalar.ts';
import { type Dialect, plainScalar } from './scalar.ts';

const maxDepth = 60;

/** Reads lists and maps in brackets, also over several lines, as long as these are indented deeper than what they stand in. */
export class Flow {
  readonly #cursor: Cursor;
  readonly #anchors: Anchors;
  readonly #source: Source;
  readonly #dialect: Dialect;
  readonly #indent: number;
  /** How many brackets are open. */
  #level = 0;

  constructor(cursor: Cursor, anchors: Anchors, source: Source, dialect: Dialect, indent: number) {
    this.#cursor = cursor;
    this.#anchors = anchors;
    this.#source = source;
    this.#dialect = dialect;
    this.#indent = indent;
  }

  read(depth: number): YamlNode {
    if (depth > maxDepth) throw unusual;
    this.#cursor.count();
    const { char } = this.#cursor;
    if (char === '*') return this.#anchors.alias(this.#cursor, depth);
    if (char !== '[' && char !== '{') return this.#scalar();
    this.#level++;
    const node = char === '[' ? this.#list(depth) : this.#map(depth);
    this.#level--;
    return node;
  }

  #list(depth: number): YamlNode {
    const start = this.#cursor.at++;
    const items: YamlNode[] = [];
    this.#skip();
    while (this.#cursor.char !== ']') {
      items.push(this.read(depth + 1));
      this.#comma(']');
    }
    this.#cursor.at++;
    return { kind: 'list', source: this.#source, start, items };
  }

  #map(depth: number): YamlNode {
    const start = this.#cursor.at++;
    const entries = new Map<string, Entry>();
    this.#skip();
    while (this.#cursor.char !== '}') {
      const keyStart = this.#cursor.at;
      const key = this.#scalar().text;
      if (this.#cursor.char !== ':' || !' \n'.includes(this.#cursor.text[this.#cursor.at + 1] ?? ','))
        throw unusual;
      this.#cursor.at++;
      this.#skip();
      const node = this.read(depth + 1);
      if (entries.has(key) || key === '<<' || key === '__proto__') throw unusual;
      entries.set(key, { source: this.#source, start: keyStart, node });
      this.#comma('}');
    }
    this.#cursor.at++;
    return { kind: 'map', source: this.#source, start, entries };
  }

  #scalar(): Extract<YamlNode, { kind: 'scalar' }> {
    const cursor = this.#cursor;
    const start = cursor.at;
    if (cursor.char === '"' || cursor.char === "'") {
      const text = cursor.quoted();
      return { kind: 'scalar', source: this.#source, start, value: text, text };
    }
    if (!beginsPlain(cursor.text, start, true)) throw unusual;
    const text = this.#plain();
    return { kind: 'scalar', source: this.#source, start, value: plainScalar(text, this.#dialect), text };
  }

  #plain(): string {
    const { text, at: start } = this.#cursor;
    let at = start;
    for (; at < text.length; at++) {
      const char = text[at] ?? '';
      if (',[]{}\n'.includes(char)) break;
      if (char === '#' && text[at - 1] === ' ') throw unusual;
      if (char !== ':') continue;
      const next = text[at + 1] ?? ' ';
      if (next === ' ' || next === '\n') break;
      if (',[]{}'.includes(next)) throw unusual;
    }
    let end = at;
    while (end > start && text[end - 1] === ' ') end--;
    // `key : value` and what a bracket opens inside of a text.
    if (text[at] === ':' && end !== at) throw unusual;
    if (text[at] === '[' || text[at] === '{') throw unusual;
    this.#cursor.at = at;
    return text.slice(start, end);
  }

  /** Moves over a comma, or up to the closing bracket. */
  #comma(close: string): void {
    this.#skip();
    if (this.#cursor.char === ',') {
      this.#cursor.at++;
      this.#skip();
    } else if (this.#cursor.char !== close) throw unusual;
  }

  /** The last bracket may stand right under what the list or map belongs to. */
  #closes(column: number): boolean {
    return this.#level === 1 && column === this.#indent && ']}'.includes(this.#cursor.char);
  }

  /** Moves over spaces and line breaks. */
  #skip(): void {
    const cursor = this.#cursor;
    cursor.spaces();
    if (cursor.char !== '\n') return;
    while (cursor.char === '\n') {
      cursor.at++;
      const line = cursor.at;
      cursor.spaces();
      if (cursor.char !== '\n' && cursor.at - line <= this.#indent && !this.#closes(cursor.at - line))
        throw unusual;
    }
    // Comments, and document markers at a line's begin, are left to the library.
    if (cursor.char === '#' || cursor.char === '') throw unusual;
  }
}
