import { z } from 'zod';
import { bare, branches } from './walk.ts';

/** What a schema takes, in words that end the sentence `this must be …`. */
export function describe(schemas: readonly unknown[]): string {
  const kinds = [...new Set(schemas.flatMap((schema) => branches(schema)).flatMap(words))];
  // Choices of words come first, `null` last, as one would say it.
  const order = (kind: string) => (kind.startsWith('one of') ? 0 : kind === 'null' ? 2 : 1);
  kinds.sort((a, b) => order(a) - order(b));
  return kinds.length > 1
    ? `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`
    : (kinds[0] ?? 'another value');
}

/** The words that may stand where one of few may. */
export function choices(schemas: readonly unknown[]): string[] {
  return schemas
    .flatMap((schema) => branches(schema))
    .flatMap((schema) => {
      const inner = bare(schema);
      if (inner instanceof z.ZodEnum) return inner.options.map(String);
      return inner instanceof z.ZodLiteral ? [...inner.values].map(String) : [];
    });
}

function words(schema: unknown): string[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodEnum) return [oneOf(inner.options)];
  if (inner instanceof z.ZodLiteral) return [oneOf([...inner.values])];
  if (inner instanceof z.ZodNumber) return [inner.isInt ? 'a whole number' : 'a number'];
  for (const [type, word] of simple) if (inner instanceof type) return [word];
  return [];
}

const simple = [
  [z.ZodString, 'a text'],
  [z.ZodStringFormat, 'a text'],
  [z.ZodBoolean, 'true or false'],
  [z.ZodNull, 'null'],
  [z.ZodArray, 'a list'],
  [z.ZodObject, 'a map'],
  [z.ZodRecord, 'a map'],
] as const;

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? String(values[0]) : `one of ${values.map(String).join(', ')}`;
}

/** What a value is, in the same words. The value itself is told only where it is short and no secret is near. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value === 'string') return value.length <= 60 ? JSON.stringify(value) : 'a long text';
  return String(value);
}
