import { token } from '../model/token.ts';
import { secretFilters } from './fill.ts';

/** Lines of a secret that are shorter stand in other texts too. */
const shortest = 8;

/**
 * The reverse of `fillSecrets`, for texts that others may have touched: gives a function that puts tokens in the place of the values of these
 * secrets, as they are and as each filter writes them, and in the place of each longer line of a value of several.
 */
export function unfillSecrets(
  names: Iterable<string>,
  values: (name: string) => string | undefined,
): (text: string) => string {
  const tokens = new Map<string, string>();
  const add = (text: string, instead: string) => {
    if (text !== '' && !tokens.has(text)) tokens.set(text, instead);
  };
  for (const name of names) {
    const value = values(name);
    if (value === undefined) continue;
    add(value, token('secret', name));
    for (const [filter, apply] of Object.entries(secretFilters))
      add(apply(value), token('secret', name, [filter]));
    const lines = value.split('\n');
    if (lines.length > 1)
      for (const line of lines) if (line.length >= shortest) add(line, token('secret', name));
  }
  if (tokens.size === 0) return (text) => text;
  // The longest first: one value may be a part of another.
  const found = new RegExp(
    [...tokens.keys()]
      .sort((a, b) => b.length - a.length)
      .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
      .join('|'),
    'g',
  );
  return (text) => text.replace(found, (value) => tokens.get(value) ?? value);
}
