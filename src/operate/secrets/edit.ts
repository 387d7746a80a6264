import { isMap, isScalar, type Pair, parseDocument } from 'yaml';
import { KollageError } from '../../model/error.ts';

export type SecretValue = string | { readonly private_key: string; readonly public_key: string };

/**
 * Sets values in the text of a passwords.yml and touches nothing else of it: comments, order, spacing and everything unknown
 * stay. A name that stands there with or without a value gets the new one in its place, another one is put at the end.
 * The text must be valid. Throws KLG-125 where it is written in a way that cannot be edited.
 */
export function setSecrets(text: string, values: ReadonlyMap<string, SecretValue>): string {
  const { contents } = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, logLevel: 'error' });
  if (contents !== null && !isMap(contents) && !(isScalar(contents) && contents.source === '')) throw unfit();
  if (isMap(contents) && contents.flow && values.size > 0) throw unfit();
  const pairs: readonly Pair[] = isMap(contents) ? contents.items : [];
  const edits: Edit[] = [];
  let added = '';
  for (const [name, value] of values) {
    // Of a key that stands twice the last one counts, as in PyYAML.
    const pair = pairs.findLast((one) => isScalar(one.key) && String(one.key.value) === name);
    if (pair) edits.push(replacement(text, pair, value));
    else added += `${name}: ${typeof value === 'string' ? quoted(value) : `\n${pairLines(value)}`}\n`;
  }
  let result = text;
  for (const { from, to, put } of edits.sort((a, b) => b.from - a.from))
    result = result.slice(0, from) + put + result.slice(to);
  const glue = result === '' || result.endsWith('\n') || added === '' ? '' : '\n';
  return result + glue + added.replaceAll(': \n', ':\n');
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly put: string;
}

function replacement(text: string, { key, value: old }: Pair, value: SecretValue): Edit {
  const put = ` ${typeof value === 'string' ? quoted(value) : inline(value)}`;
  const from = colonAfter(text, key);
  const to = endOf(text, old) ?? from;
  // A text after | ends with its line.
  return { from, to, put: text.slice(from, to).endsWith('\n') ? `${put}\n` : put };
}

/** Behind the last character of a value; undefined for an empty one. Comments after it are not part of it. */
function endOf(text: string, node: unknown): number | undefined {
  if (isScalar(node)) return node.source === '' && node.type === 'PLAIN' ? undefined : node.range?.[1];
  if (!isMap(node)) return undefined;
  const last = node.items.at(-1);
  if (node.flow || !last) return node.range?.[1];
  return endOf(text, last.value) ?? colonAfter(text, last.key);
}

function colonAfter(text: string, key: unknown): number {
  const end = isScalar(key) ? key.range?.[1] : undefined;
  if (end === undefined) throw unfit();
  return text.indexOf(':', end) + 1;
}

function pairLines({ private_key, public_key }: Exclude<SecretValue, string>): string {
  return `  private_key: ${quoted(private_key)}\n  public_key: ${quoted(public_key)}`;
}

function inline({ private_key, public_key }: Exclude<SecretValue, string>): string {
  return `{ private_key: ${quoted(private_key)}, public_key: ${quoted(public_key)} }`;
}

/** JSON's texts are YAML's texts in double quotes; with quotes, no password is ever taken for a number. */
function quoted(value: string): string {
  return JSON.stringify(value);
}

function unfit(): KollageError {
  return new KollageError({
    code: 'KLG-125',
    message: 'passwords.yml is not written as one name a line, so that it cannot be changed without loss',
  });
}
