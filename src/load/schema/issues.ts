import type { z } from 'zod';
import type { ErrorCode } from '../../model/errors.ts';
import { nearest, suggestion } from '../../model/nearest.ts';
import { choices, describe, kindOf } from './describe.ts';
import { unionMistake } from './union.ts';
import { keysAt, schemasAt, valueAt } from './walk.ts';

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** A mistake in a file, before its place is known. */
export interface Mistake {
  readonly code: ErrorCode;
  readonly message: string;
  readonly path: Path;
  /** Whether the key at the end of the path is meant, rather than its value. */
  readonly key: boolean;
}

/** Puts what zod found into plain words. `root` is the whole value that was checked by `schema`. */
export function toMistakes(schema: unknown, root: unknown, issues: readonly Issue[]): Mistake[] {
  const unknown = new Map<string, string[]>();
  for (const issue of issues)
    if (issue.code === 'unrecognized_keys') unknown.set(formatPath(issue.path), issue.keys.slice(0, maxKeys));
  return issues
    .filter((issue) => !isMisspelt(issue, root, unknown))
    .flatMap((issue) => toMistake(schema, root, issue, issue.path));
}

const maxKeys = 100;

/** Whether a key is missing because it stands there misspelt: the misspelling is told already. */
function isMisspelt(issue: Issue, root: unknown, unknown: ReadonlyMap<string, readonly string[]>): boolean {
  const last = issue.path.at(-1);
  const beside = unknown.get(formatPath(issue.path.slice(0, -1)));
  if (issue.code === 'unrecognized_keys' || last === undefined || !beside) return false;
  return valueAt(root, issue.path) === undefined && nearest(String(last), beside) !== undefined;
}

function toMistake(schema: unknown, root: unknown, issue: Issue, path: Path): Mistake[] {
  const value = valueAt(root, path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, maxKeys).map((key) => unknownKey(schema, root, path, key));
  if (issue.code === 'invalid_union') {
    const mistake = unionMistake(schema, root, path, issue.errors);
    if (mistake.kind === 'missing')
      return [missing(`one of the keys ${mistake.keys.join(', ')} is missing`, path)];
    if (mistake.kind === 'branch')
      return mistake.issues.flatMap((inner) => toMistake(schema, root, inner, [...path, ...inner.path]));
  }
  if (issue.code === 'invalid_key') {
    const why = issue.issues[0]?.code === 'invalid_format' ? issue.issues[0].message : 'is not allowed here';
    return [{ code: 'KLG-104', message: `the name ${String(path.at(-1))} ${why}`, path, key: true }];
  }
  if (value === undefined) return [missing(`the key ${String(path.at(-1))} is missing`, path.slice(0, -1))];
  const expected =
    ownWords(issue, value) ??
    `must be ${describe(schemasAt(schema, path, root))}, not ${kindOf(value)}${meant(schemasAt(schema, path, root), value)}`;
  const subject = path.length > 0 ? formatPath(path) : 'this file';
  return [{ code: 'KLG-104', message: `${subject} ${expected}`, path, key: false }];
}

function missing(what: string, path: Path): Mistake {
  return {
    code: 'KLG-104',
    message: path.length > 0 ? `${what} in ${formatPath(path)}` : what,
    path,
    key: false,
  };
}

function unknownKey(schema: unknown, root: unknown, path: Path, key: string): Mistake {
  const keys = keysAt(schema, path, root);
  const where = path.length > 0 ? ` in ${formatPath(path)}` : '';
  const message = keys.includes(key)
    ? `the key ${key} cannot stand beside the other keys${where}`
    : `unknown key ${key}${where}${suggestion(key, keys)}`;
  return { code: 'KLG-103', message, path: [...path, key], key: true };
}

/** What a schema's own message or a bound says; undefined when the kind of value is what is wrong. */
function ownWords(issue: Issue, value: unknown): string | undefined {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'invalid_format') {
    const own = issue.message.startsWith('Invalid') ? undefined : issue.message;
    return `${own ?? `must be of the form ${String(issue.pattern ?? issue.format)}`}, not ${kindOf(value)}`;
  }
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const [limit, bound] =
    issue.code === 'too_small' ? [issue.minimum, 'at least'] : [issue.maximum, 'at most'];
  if (issue.origin === 'array') return `must have ${bound} ${limit} ${limit === 1 ? 'element' : 'elements'}`;
  if (issue.origin === 'string') return `must have ${bound} ${limit} letters`;
  if (issue.inclusive === false)
    return `must be ${issue.code === 'too_small' ? 'more' : 'less'} than ${limit}, not ${kindOf(value)}`;
  return `must be ${bound} ${limit}, not ${kindOf(value)}`;
}

function meant(schemas: readonly unknown[], value: unknown): string {
  const found = typeof value === 'string' ? nearest(value, choices(schemas)) : undefined;
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** `services.nova.options[0]` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}
