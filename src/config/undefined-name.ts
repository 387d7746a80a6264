import { closest, distance } from 'fastest-levenshtein';
import { namesIn } from './expression.ts';

/**
 * Says what of an expression is not defined, with the nearest right name. `roots` are what the template saw; of its `own`
 * variables nothing is known but their names.
 */
export function undefinedName(
  expression: string,
  own: ReadonlySet<string>,
  roots: readonly object[],
): string {
  const names = namesIn(expression);
  const missing = names
    .filter(([root = '']) => !own.has(root))
    .map((path) => firstMissing(path, roots))
    .find((found) => found !== null);
  if (missing) return `${missing.name} is not defined${suggest(missing.name, missing.last, missing.known)}`;
  return `${expression.trim() ? expression.trim().slice(0, 120) : 'a variable'} is not defined`;
}

function firstMissing(
  path: readonly string[],
  roots: readonly object[],
): { name: string; last: string; known: string[] } | null {
  let values = roots;
  for (const [index, last] of path.entries()) {
    const known = values.flatMap((value) => Object.keys(value));
    if (!known.includes(last)) return { name: path.slice(0, index + 1).join('.'), last, known };
    const next: unknown = values
      .map((value) => Object.entries(value).find(([key]) => key === last)?.[1])
      .find((value) => value !== undefined);
    // Of a text or a number the attributes are methods, which the engine names by itself.
    if (typeof next !== 'object' || next === null) return null;
    values = [next];
  }
  return null;
}

function suggest(name: string, last: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const nearest = closest(last, known);
  if (distance(last, nearest) > Math.max(2, Math.floor(last.length / 3))) return '';
  return `; did you mean ${name.slice(0, name.length - last.length)}${nearest}?`;
}
