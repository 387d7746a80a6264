import { isMap, isScalar, isSeq } from 'yaml';
import { isEmpty, type Layer, mergeLayers, mistake, nameOf, type Parsed } from './yaml.ts';
import { quoteTokens, Words } from './yaml-tokens.ts';

/**
 * Lays JSON files over one another as `mergeYaml` does, numbers as they were written, two spaces a level. Secrets inside its strings are
 * escaped when they are filled in. Errors: KLG-208 for what is not JSON.
 */
export function mergeJson(layers: readonly Layer[]): string {
  const words = new Words();
  const merged = mergeLayers(layers, words);
  if (!merged) return '';
  quoteTokens(merged.document, words);
  return words.show(`${printJson(merged.document.contents, '', merged)}\n`);
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
