import {
  type Document,
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

export interface Parsed {
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

/** The layers merged, tokens as `words`; undefined when there is nothing in any of them. */
export function mergeLayers(layers: readonly Layer[], words: Words): Parsed | undefined {
  const parsed = layers
    .map((layer) => parse(layer, words))
    .filter(({ document }) => !isEmpty(document.contents));
  const [first, ...more] = parsed;
  if (!first) return undefined;
  for (const layer of more) overlay(rootMap(first), rootMap(layer));
  return first;
}

/** Letters of a file: for some larger ones the library takes minutes and gigabytes. */
const longest = 512 * 1024;
/** One missing quote makes many mistakes. */
const maxFindings = 5;

function parse(layer: Layer, words: Words): Parsed {
  if (layer.text.length > longest) {
    const message = `${layer.file} is too large to be merged (limit 512 KiB)`;
    throw new KollageError({ code: 'KLG-107', message, place: { file: layer.file } });
  }
  const lines = new LineCounter();
  const document = parseDocument(words.hide(layer.text.replace(/^\ufeff/, '')), {
    schema: 'failsafe',
    // A tag such as !!binary is the reader's to interpret, too.
    resolveKnownTags: false,
    // The library compares each key with each.
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: false,
  });
  const findings = document.errors.slice(0, maxFindings).map((error): Finding => {
    const { line, col } = lines.linePos(error.pos[0]);
    const headline = words.show(error.message.split('\n', 1)[0] ?? '');
    const message = headline.startsWith('Maximum call stack') ? 'this is nested too deep' : headline;
    return { code: 'KLG-208', severity: 'error', message, place: { file: layer.file, line, column: col } };
  });
  throwFirst(findings);
  const parsed = { document, file: layer.file, lines };
  simplify(parsed);
  return parsed;
}

/** Nodes that the aliases of one file may write out: a file that doubles itself again and again is no configuration. */
const limit = 50_000;

/** Levels of maps and lists, each of which counts twice (a pair and its value). */
const deepest = 400;

/** Takes comments, anchors and aliases out. */
function simplify(parsed: Parsed): void {
  const { document } = parsed;
  const anchors = new Map<string, Node>();
  let written = 0;
  document.commentBefore = null;
  document.comment = null;
  visit(document, {
    Alias(_, alias, path) {
      const target = anchors.get(alias.source);
      if (!target || path.includes(target))
        throw mistake(parsed, alias, `*${alias.source} leads nowhere, or to itself`);
      written += sizeOf(target);
      if (written > limit) throw mistake(parsed, alias, 'the aliases of this file write out too much');
      const copy: unknown = target.clone();
      return isNode(copy) ? copy : undefined;
    },
    Value(_, node, path) {
      if (path.length > deepest) throw mistake(parsed, node, 'this is nested too deep');
      if (node.anchor) anchors.set(node.anchor, node);
      if (isMap(node)) checkKeys(parsed, node);
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

function checkKeys(parsed: Parsed, map: YAMLMap): void {
  const seen = new Set<string>();
  for (const pair of map.items) {
    const name = nameOf(pair);
    if (seen.has(name))
      throw mistake(parsed, isNode(pair.key) ? pair.key : map, `the key ${name} stands here a second time`);
    seen.add(name);
  }
}

function sizeOf(node: Node): number {
  let size = 0;
  visit(node, () => {
    size += 1;
  });
  return size;
}

/** Writes out a merge key: `<<` brings the keys that the map does not have itself. */
function spread(map: YAMLMap): void {
  const found = map.items.find(
    (pair) => nameOf(pair) === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN',
  );
  if (!found) return;
  map.items = map.items.filter((pair) => pair !== found);
  const own = new Set(map.items.map(nameOf));
  const sources = isSeq(found.value) ? found.value.items : [found.value];
  for (const source of sources) {
    if (!isMap(source)) continue;
    spread(source);
    for (const pair of source.items) {
      const name = nameOf(pair);
      if (!own.has(name)) map.items.push(pair);
      own.add(name);
    }
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

export function nameOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function rootMap(parsed: Parsed): YAMLMap {
  const { contents } = parsed.document;
  if (isMap(contents)) return contents;
  throw mistake(parsed, contents, 'only maps can be laid over one another, and this file is none');
}

export function isEmpty(node: unknown): boolean {
  return (
    node === null || (isScalar(node) && (node.value === null || (node.value === '' && node.type === 'PLAIN')))
  );
}

export function mistake(parsed: Parsed, node: Node | null, message: string): KollageError {
  const { line, col } = parsed.lines.linePos(node?.range?.[0] ?? 0);
  return new KollageError({ code: 'KLG-208', message, place: { file: parsed.file, line, column: col } });
}
