import type { z } from 'zod';
import type { Located } from '../../model/catalog.ts';
import { type Finding, KollageError } from '../../model/error.ts';
import type { Yaml } from '../yaml/read.ts';
import { toMistakes } from './issues.ts';

/** A file that is wrong from end to end needs no more to be told. */
const maxIssues = 100;

/**
 * Checks a file's data by a schema, and gives it with its defaults. A number where a text is expected is taken as it is
 * written, so that `release: 2025.1` needs no quotes.
 * Throws one error with all mistakes of the file: KLG-103 for keys that nobody knows, KLG-104 for everything else.
 */
export function parseWith<T extends z.ZodType>(schema: T, yaml: Yaml): Located<z.output<T>> {
  let result = schema.safeParse(yaml.value);
  if (!result.success) {
    const asTexts = numbersAsTexts(yaml, result.error.issues);
    if (asTexts !== undefined) result = schema.safeParse(asTexts);
  }
  if (result.success) return { value: result.data, at: yaml.at };
  const [first, ...also] = toMistakes(schema, yaml.value, result.error.issues.slice(0, maxIssues)).map(
    ({ code, message, path, key }): Finding => ({
      code,
      severity: 'error',
      message,
      place: key ? yaml.keyAt(path) : yaml.at(path),
    }),
  );
  throw new KollageError(
    first ?? { code: 'KLG-104', message: 'this file is not as it must be', place: yaml.at([]) },
    { also },
  );
}

/** A copy of the data in which numbers are texts where only a text may stand; undefined when there is no such place. */
function numbersAsTexts(yaml: Yaml, issues: readonly z.core.$ZodIssue[]): unknown {
  let copy: unknown;
  for (const issue of issues) {
    const last = issue.path.at(-1);
    const text = yaml.text(issue.path);
    if (
      issue.code !== 'invalid_type' ||
      issue.expected !== 'string' ||
      last === undefined ||
      text === undefined
    )
      continue;
    copy ??= structuredClone(yaml.value);
    const parent = issue.path
      .slice(0, -1)
      .reduce<unknown>((value, key) => (isObject(value) ? Reflect.get(value, key) : undefined), copy);
    if (isObject(parent) && typeof Reflect.get(parent, last) === 'number') Reflect.set(parent, last, text);
  }
  return copy;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
