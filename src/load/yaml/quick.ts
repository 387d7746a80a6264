import type { Entry, Source, YamlNode } from './node.ts';
import { Anchors } from './quick-anchors.ts';
import { blockScalar } from './quick-block.ts';
import { Flow } from './quick-flow.ts';
import { Lines } from './quick-lines.ts';
import { beginsPlain, plainEnd, unusual } from './quick-scalar.ts';
import { type Dialect, plainScalar } from './scalar.ts';

const maxDepth = 60;

/**
 * Reads the YAML that people write: block lists and maps, brackets, quotes, comments, texts after | and >. About fifteen
 * times as fast as the library, which with the catalog's dozens of files is what makes `kollage plan` feel immediate.
 * Gives undefined wherever a text might be anything else, and for every mistake: then the library decides, and tells.
 * What it does give is what the library gives, to the last offset; a property test holds that (quick.test.ts).
 */
export function readQuick(source: Source, dialect: Dialect): YamlNode | undefined {
  // Tabs, carriage returns and byte order marks have rules of their own.
  if (/[\t\r\uFEFF]/.test(source.text)) return undefined;
  try {
    return new Quick(source, dialect).document();
  } catch (error) {
    if (error === unusual) return undefined;
    throw error;
  }
}

class Quick {
  readonly #source: Source;
  readonly #dialect: Dialect;
  readonly #cursor: Lines;
  readonly #anchors = new Anchors();

  constructor(source: Source, dialect: Dialect) {
    this.#source = source;
    this.#dialect = dialect;
    this.#cursor = new Lines(source.text);
  }

  document(): YamlNode {
    if (this.#cursor.next() === -1) throw unusual;
    if (this.#cursor.isMarker()) {
      this.#cursor.at += 3;
      if (!this.#cursor.endLine()) throw unusual;
    }
    const indent = this.#cursor.next();
    if (indent === -1) throw unusual;
    const node = this.#block(indent, 0);
    if (this.#cursor.next() !== -1) throw unusual;
    return node;
  }

  /** A list or map whose first entry stands here, in the column `indent`. */
  #block(indent: number, depth: number): YamlNode {
    if (depth > maxDepth) throw unusual;
    return this.#cursor.isDash() ? this.#list(indent, depth) : this.#map(indent, depth);
  }

  #list(indent: number, depth: number): YamlNode {
    const cursor = this.#cursor;
    const start = cursor.at;
    const items: YamlNode[] = [];
    let next = indent;
    while (next === indent && this.#cursor.isDash()) {
      cursor.at++;
      cursor.spaces();
      items.push(this.#item(indent, depth, start));
      next = this.#cursor.nextLine();
    }
    if (next > indent) throw unusual;
    return { kind: 'list', source: this.#source, start, items };
  }

  #item(indent: number, depth: number, start: number): YamlNode {
    if (this.#cursor.isDash() || this.#cursor.isKey()) return this.#block(this.#cursor.column(), depth + 1);
    return this.#value(indent, depth, start, false);
  }

  #map(indent: number, depth: number): YamlNode {
    const cursor = this.#cursor;
    const start = cursor.at;
    const entries = new Map<string, Entry>();
    let next = indent;
    while (next === indent && !(this.#cursor.isDash() && entries.size > 0)) {
      const keyStart = cursor.at;
      const key = this.#cursor.key();
      if (entries.has(key) || key === '<<' || key === '__proto__') throw unusual;
      cursor.spaces();
      const node = this.#value(indent, depth, keyStart, true);
      entries.set(key, { source: this.#source, start: keyStart, node });
      next = this.#cursor.nextLine();
    }
    if (next > indent) throw unusual;
    return { kind: 'map', source: this.#source, start, entries };
  }

  /** What follows a key or a dash; moves behind its line. `around` is where an empty value is said to stand. */
  #value(indent: number, depth: number, around: number, isMap: boolean): YamlNode {
    const cursor = this.#cursor;
    cursor.count();
    const { char, at: start } = cursor;
    if (char === '&') return this.#anchored(indent, depth, around, isMap);
    if (char === '*') {
      const node = this.#anchors.alias(cursor, depth);
      if (!cursor.endLine()) throw unusual;
      return node;
    }
    if (char === '' || char === '\n' || char === '#') return this.#below(indent, depth, around, isMap);
    if (char === '[' || char === '{') {
      const node = new Flow(cursor, this.#anchors, this.#source, this.#dialect, indent).read(depth + 1);
      if (!cursor.endLine()) throw unusual;
      return node;
    }
    if (char === '|' || char === '>') return this.#text(start, blockScalar(cursor, indent));
    if (char === '"' || char === "'") {
      const node = this.#text(start, cursor.quoted());
      if (!cursor.endLine()) throw unusual;
      return node;
    }
    if (!beginsPlain(cursor.text, start, false)) throw unusual;
    const text = this.#plain(indent);
    return { kind: 'scalar', source: this.#source, start, value: plainScalar(text, this.#dialect), text };
  }

  /** A value with a name, `&name value`; one without any content is left to the library. */
  #anchored(indent: number, depth: number, around: number, isMap: boolean): YamlNode {
    const cursor = this.#cursor;
    const name = this.#anchors.name(cursor);
    cursor.spaces();
    // Here an anchor would name the key.
    if (!isMap && this.#cursor.isKey()) throw unusual;
    if ('&*'.includes(cursor.char) && cursor.char !== '') throw unusual;
    const node = this.#value(indent, depth, around, isMap);
    if (node.kind === 'scalar' && node.text === '' && node.value === null) throw unusual;
    this.#anchors.set(name, node);
    return node;
  }

  /** A value on the lines after its key or dash, or none. */
  #below(indent: number, depth: number, around: number, isMap: boolean): YamlNode {
    if (!this.#cursor.endLine()) throw unusual;
    const next = this.#cursor.nextLine();
    if (next > indent || (isMap && next === indent && this.#cursor.isDash()))
      return this.#block(next, depth + 1);
    return { kind: 'scalar', source: this.#source, start: around, value: null, text: '' };
  }

  #text(start: number, text: string): YamlNode {
    return { kind: 'scalar', source: this.#source, start, value: text, text };
  }

  /** A plain text, with the deeper lines that go on with it. */
  #plain(indent: number): string {
    const cursor = this.#cursor;
    let text = '';
    for (;;) {
      const lineEnd = cursor.lineEnd();
      const end = plainEnd(cursor.text, cursor.at, lineEnd);
      text += cursor.text.slice(cursor.at, end);
      const commented = end < lineEnd && cursor.text.slice(end, lineEnd).includes('#');
      cursor.at = lineEnd + 1;
      const line = cursor.at;
      const next = this.#cursor.next();
      if (next <= indent) return text;
      // Deeper lines after a comment or an empty line are left to the library.
      if (commented || cursor.at - next !== line) throw unusual;
      text += ' ';
    }
  }
}
