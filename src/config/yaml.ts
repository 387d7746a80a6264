import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import { type Finding, KollageError, throwFirst } from '../model/error.ts';
import { quoteTokens, Words } from './yaml-tokens.ts';

/** A text and the file that it came from. */
export interface Layer {
  readonly text: string;
  readonly file: string;
}

interface Parsed {
  readonly document: Document.Parsed;
  readonly file: string;
  readonly lines: LineCounter;
}

/**
 * Lays YAML files over one another: maps are merged key by key, all else is replaced, lists too (kolla-ansible's merge_yaml.py).
 * Scalars are not interpreted (YAML's failsafe schema): `yes`, `0644` and `1.10` are printed as they were written, whichever
 * version of YAML their reader follows. Comments are left out, aliases are written out. Texts that hold a token are put in
 * double quotes, and secrets are escaped for them when they are filled in. Errors: KLG-208 for what is not YAML, or not a
 * map where there are several files.
 */
export function mergeYaml(layers: readonly Layer[]): string {
  const words = new Words();
  const merged = mergeLayers(layers, words);
  if (!merged) return '';
  quoteTokens(merged.document, words);
  return words.show(
    merged.document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, flowCollectionPadding: false }),
  );
}

/** As `mergeYaml`, for JSON files; two spaces a level. */
export function mergeJson(layers: readonly Layer[]): string {
  const words = new Words();
  const merged = mergeLayers(layers, words);
  if (!merged) return '';
  quoteTokens(merged.document, words);
  return words.show(`${printJson(merged.document.contents, '', merged)}\n`);
}

function mergeLayers(layers: readonly Layer[], words: Words): Parsed | undefined {
  const parsed = layers
    .map((layer) => parse(layer, words))
    .filter(({ document }) => !isEmpty(document.contents));
  const [first, ...more] = parsed;
  if (!first) return undefined;
  for (const layer of more) overlay(rootMap(first), rootMap(layer));
  return first;
}

function parse(layer: Layer, words: Words): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(words.hide(layer.text.replace(/^\ufeff/, '')), {
    schema: 'failsafe',
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: false,
  });
  const findings = document.errors.map((error): Finding => {
    const { line, col } = lines.linePos(error.pos[0]);
    const message = words.show(error.message.split('\n', 1)[0] ?? '');
    return { code: 'KLG-208', severity: 'error', message, place: { file: layer.file, line, column: col } };
  });
  throwFirst(findings);
  const parsed = { document, file: layer.file, lines };
  simplify(parsed);
  return parsed;
}

/** Nodes that aliases may write out in one file: a file that doubles itself again and again is none. */
const limit = 10_000;

/** Takes comments, anchors and aliases out. */
function simplify(parsed: Parsed): void {
  const { document } = parsed;
  let written = 0;
  document.commentBefore = null;
  document.comment = null;
  visit(document, {
    Alias(_, alias) {
      const copy: unknown = alias.resolve(document)?.clone();
      written += 1;
      if (!isNode(copy) || written > limit) {
        throw mistake(parsed, alias, 'an alias that leads nowhere or to itself');
      }
      return copy;
    },
    Node(_, node) {
      if (isAlias(node)) return;
      node.comment = null;
      node.commentBefore = null;
      node.spaceBefore = false;
    },
  });
  visit(document, {
    Collection(_, node) {
      delete node.anchor;
      if (isMap(node)) spread(node);
    },
    Scalar(_, node) {
      delete node.anchor;
    },
  });
}

/** Writes out a merge key: `<<` brings the keys that the map does not have itself. */
function spread(map: YAMLMap): void {
  const found = map.items.find(
    (pair) => nameOf(pair) === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN',
  );
  if (!found) return;
  map.items = map.items.filter((pair) => pair !== found);
  const sources = isSeq(found.value) ? found.value.items : [found.value];
  for (const source of sources) {
    if (!isMap(source)) continue;
    spread(source);
    for (const pair of source.items)
      if (!map.items.some((own) => nameOf(own) === nameOf(pair))) map.items.push(pair);
  }
}

/** Lays one map over another, in place. */
function overlay(under: YAMLMap, over: YAMLMap): void {
  const known = new Map(under.items.map((pair) => [nameOf(pair), pair]));
  for (const pair of over.items) {
    const before = known.get(nameOf(pair));
    if (!before) under.items.push(pair);
    else if (isMap(before.value) && isMap(pair.value)) overlay(before.value, pair.value);
    else before.value = pair.value;
  }
}

function nameOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function rootMap(parsed: Parsed): YAMLMap {
  const { contents } = parsed.document;
  if (isMap(contents)) return contents;
  throw mistake(parsed, contents, 'only maps can be laid over one another, and this file is none');
}

function isEmpty(node: unknown): boolean {
  return (
    node === null || (isScalar(node) && (node.value === null || (node.value === '' && node.type === 'PLAIN')))
  );
}

function mistake(parsed: Parsed, node: Node | null, message: string): KollageError {
  const { line, col } = parsed.lines.linePos(node?.range?.[0] ?? 0);
  return new KollageError({ code: 'KLG-208', message, place: { file: parsed.file, line, column: col } });
}

function printJson(node: unknown, indent: string, parsed: Parsed): string {
  const inner = `${indent}  `;
  if (isSeq(node))
    return brackets(
      '[]',
      node.items.map((item) => printJson(item, inner, parsed)),
      indent,
    );
  if (isMap(node)) {
    const items = node.items.map(
      (pair) => `${JSON.stringify(nameOf(pair))}: ${printJson(pair.value, inner, parsed)}`,
    );
    return brackets('{}', items, indent);
  }
  if (!isScalar(node) || isEmpty(node)) return 'null';
  const text = String(node.value);
  if (node.type !== 'PLAIN') return JSON.stringify(text);
  if (/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)$/.test(text)) return text;
  throw mistake(parsed, node, 'this is not JSON: a text must stand in double quotes');
}

function brackets(pair: string, items: readonly string[], indent: string): string {
  if (items.length === 0) return pair;
  return `${pair.charAt(0)}\n${items.map((item) => `${indent}  ${item}`).join(',\n')}\n${indent}${pair.charAt(1)}`;
}
