import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, type Pair, parse, parseDocument, type YAMLMap } from 'yaml';
import { KollageError } from '../../model/error.ts';

/** Keys from the outermost to the innermost, at least one. */
export type Path = readonly [string, ...string[]];

/**
 * Sets one value in the text of a kollage.yaml and touches nothing else of it: comments, order and spacing stay. Maps on the way that are not there
 * are made; nothing and `true` give way to one. The text must be valid. Throws KLG-903 where it is written in a way that cannot be edited.
 */
export function setValue(text: string, path: Path, value: boolean | number): string {
  const { contents } = parseDocument(text);
  if (!isMap(contents) || contents.flow) throw unfit(path);
  const edited = edit(text, contents, path, value, true);
  if (edited === null || !proves(text, edited, path, value)) throw unfit(path);
  return edited;
}

/** Null where it cannot be done. */
function edit(
  text: string,
  map: YAMLMap,
  [name, ...rest]: Path,
  value: boolean | number,
  outermost = false,
): string | null {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === name);
  if (!isPath(rest)) return pair ? put(text, pair, ` ${value}`) : insert(text, map, `${name}: ${value}`);
  if (pair && isMap(pair.value)) return edit(text, pair.value, rest, value);
  const inner = entry(rest, value);
  if (!outermost) return pair ? put(text, pair, ` { ${inner} }`) : insert(text, map, `${name}: { ${inner} }`);
  if (pair) return put(text, pair, `\n  ${inner}`);
  return `${text}${text.endsWith('\n') ? '' : '\n'}\n${name}:\n  ${inner}\n`;
}

function isPath(path: readonly string[]): path is Path {
  return path.length > 0;
}

function entry([name, ...rest]: Path, value: boolean | number): string {
  return isPath(rest) ? `${name}: { ${entry(rest, value)} }` : `${name}: ${value}`;
}

/** Puts a value in the place of the one of a key, which is a scalar or nothing. */
function put(text: string, { key, value }: Pair, fresh: string): string | null {
  const end = isScalar(key) ? key.range?.[1] : undefined;
  if (end === undefined || (value !== null && !isScalar(value))) return null;
  const from = text.indexOf(':', end) + 1;
  const to = isScalar(value) && value.source !== '' ? (value.range?.[1] ?? from) : from;
  return text.slice(0, from) + fresh + text.slice(to);
}

/** Puts an entry before the others of a map, written as they are. */
function insert(text: string, map: YAMLMap, fresh: string): string | null {
  const start = map.range?.[0];
  if (start === undefined) return null;
  const rest = map.items.length > 0;
  if (map.flow) return `${text.slice(0, start + 1)} ${fresh}${rest ? ',' : ' '}${text.slice(start + 1)}`;
  const indent = ' '.repeat(start - (text.lastIndexOf('\n', start - 1) + 1));
  return `${text.slice(0, start)}${fresh}\n${indent}${text.slice(start)}`;
}

/** Whether this value is there now, and nothing else has changed. */
function proves(before: string, after: string, path: Path, value: boolean | number): boolean {
  try {
    return isDeepStrictEqual(parse(after), laid(parse(before), path, value));
  } catch {
    return false;
  }
}

function laid(data: unknown, [name, ...rest]: Path, value: boolean | number): object {
  const map: Record<string, unknown> = typeof data === 'object' ? { ...data } : {};
  return { ...map, [name]: isPath(rest) ? laid(map[name], rest, value) : value };
}

function unfit(path: Path): KollageError {
  return new KollageError({
    code: 'KLG-903',
    message: 'kollage.yaml is written in a way that cannot be changed without loss',
    next: `Set ${path.join('.')} there by hand.`,
  });
}
