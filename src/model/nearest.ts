import { closest, distance } from 'fastest-levenshtein';

/**
 * The name that was probably meant. Undefined when none is near enough: more than a third of the letters (and more than
 * two of them) would have to change.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates].filter((candidate) => candidate !== name);
  if (names.length === 0 || name.length > 200) return undefined;
  const found = closest(name, names);
  return distance(name, found) <= Math.max(2, Math.floor(name.length / 3)) ? found : undefined;
}

/** `; did you mean X?`, or the names there are when they are few, or nothing. For the end of a message. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const names = [...candidates];
  const found = nearest(name, names);
  if (found !== undefined) return `; did you mean ${found}?`;
  return names.length > 0 && names.length <= 30 ? `; there are ${[...names].sort().join(', ')}` : '';
}
