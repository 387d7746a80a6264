import { z } from 'zod';

/** A path that a schema knows, and whether what stands there is a map with fixed keys. */
export interface SchemaPath {
  readonly path: readonly (string | number)[];
  readonly strict: boolean;
}

/** How deep a schema is followed. */
const deepest = 9;

/**
 * Every path of keys that a schema knows, down to its scalars. Where any name may stand, one of `names` does: the first that the
 * path so far allows, else `any`; in lists it is the first element.
 */
export function schemaPaths(
  schema: unknown,
  names: (path: readonly (string | number)[]) => string,
): SchemaPath[] {
  const found = new Map<string, SchemaPath>();
  walk(schema, [], names, found);
  return [...found.values()];
}

function walk(
  schema: unknown,
  path: readonly (string | number)[],
  names: (path: readonly (string | number)[]) => string,
  found: Map<string, SchemaPath>,
): void {
  if (path.length > deepest) return;
  const strict = schema instanceof z.ZodObject && schema.def.catchall !== undefined;
  const key = JSON.stringify(path);
  found.set(key, { path, strict: strict || (found.get(key)?.strict ?? false) });
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    walk(schema.unwrap(), path, names, found);
  else if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    walk(schema.unwrap(), path, names, found);
  else if (schema instanceof z.ZodPipe) walk(schema.in, path, names, found);
  else if (schema instanceof z.ZodUnion)
    for (const option of schema.options) walk(option, path, names, found);
  else if (schema instanceof z.ZodIntersection)
    for (const side of [schema.def.left, schema.def.right]) walk(side, path, names, found);
  else if (schema instanceof z.ZodObject)
    for (const [name, inner] of Object.entries(schema.shape)) walk(inner, [...path, name], names, found);
  else if (schema instanceof z.ZodRecord) walk(schema.valueType, [...path, names(path)], names, found);
  else if (schema instanceof z.ZodArray) walk(schema.element, [...path, 0], names, found);
}

/** A copy of the data with a value set at a path; what is in the way becomes a map or list. */
export function withValue(data: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const items: unknown[] = Array.isArray(data) ? [...data] : [];
    items[step] = withValue(items[step], rest, value);
    return items;
  }
  const map = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {};
  const entries = new Map<string, unknown>(Object.entries(map));
  entries.set(step, withValue(entries.get(step), rest, value));
  return Object.fromEntries(entries);
}
