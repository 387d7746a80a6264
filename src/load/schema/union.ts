import type { z } from 'zod';
import { nearest } from '../../model/nearest.ts';
import { keysAt, keysBeside, valueAt } from './walk.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** What is wrong with a value that no branch of a union takes. */
export type UnionMistake =
  /** No branch takes this kind of value. */
  | { readonly kind: 'none' }
  /** The mistakes against the branch that was meant; their paths begin at the value. */
  | { readonly kind: 'branch'; readonly issues: readonly Issue[] }
  /** Which branch is meant cannot be told: one of these keys is missing. */
  | { readonly kind: 'missing'; readonly keys: readonly string[] };

/**
 * Of the branches of a union, the one that the writer most likely meant: one for the same kind of value, with the fewest
 * mistakes. Where a key is a misspelt one that is missing, only the misspelling is told.
 */
export function unionMistake(
  schema: unknown,
  root: unknown,
  path: Path,
  all: readonly (readonly Issue[])[],
): UnionMistake {
  const value = valueAt(root, path);
  const beside = new Set(keysBeside(schema, path));
  const near = all
    .filter((issues) => !issues.some((issue) => issue.path.length === 0 && wrongKind.has(issue.code)))
    .map((issues) => without(issues, beside))
    .filter((issues) => issues.length > 0)
    .sort((a, b) => weight(a) - weight(b));
  const [first] = near;
  if (!first) return { kind: 'none' };
  const alike = near.filter((issues) => weight(issues) === weight(first));
  const unknown = first.filter((issue) => issue.code === 'unrecognized_keys');
  const keys = keysAt(schema, path, root);
  // `{ endpont: x }`: every branch misses a key; the misspelt one is the mistake.
  if (unknown.some((issue) => issue.keys.some((key) => nearest(key, keys) !== undefined)))
    return {
      kind: 'branch',
      issues: [
        ...unknown,
        ...first.filter((issue) => !missing(issue, value) && issue.code !== 'unrecognized_keys'),
      ],
    };
  if (alike.length > 1 && alike.every((issues) => issues.some((issue) => missing(issue, value)))) {
    const names = alike.flatMap((issues) =>
      issues.filter((issue) => missing(issue, value)).map((issue) => issue.path.join('.')),
    );
    return unknown.length > 0
      ? { kind: 'branch', issues: unknown }
      : { kind: 'missing', keys: [...new Set(names)] };
  }
  return { kind: 'branch', issues: first };
}

const wrongKind: ReadonlySet<string | undefined> = new Set([
  'invalid_type',
  'invalid_value',
  'invalid_union',
]);

function missing(issue: Issue, value: unknown): boolean {
  return (
    issue.code !== 'unrecognized_keys' && issue.path.length === 1 && valueAt(value, issue.path) === undefined
  );
}

/** Takes keys out of the unknown ones that belong to the other side of an intersection. */
function without(issues: readonly Issue[], keys: ReadonlySet<string>): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    if (issue.code !== 'unrecognized_keys') return [issue];
    const left = issue.keys.filter((key) => !keys.has(key));
    return left.length > 0 ? [{ ...issue, keys: left }] : [];
  });
}

function weight(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);
}
