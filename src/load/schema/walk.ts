import { z } from 'zod';

/** Strips what does not change the kind of value: optional, default, nullable, refinements' pipes. */
export function bare(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap();
    else if (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) inner = inner.unwrap();
    else if (inner instanceof z.ZodPipe) inner = inner.in;
    else return inner;
  }
}

/** The schemas that a value may be checked by: the branches of unions that can be meant, both sides of intersections. */
export function branches(schema: unknown, value?: unknown): unknown[] {
  const inner = bare(schema);
  if (inner instanceof z.ZodUnion) return meant(inner, value).flatMap((option) => branches(option, value));
  if (inner instanceof z.ZodIntersection)
    return [...branches(inner.def.left, value), ...branches(inner.def.right, value)];
  return [inner];
}

/** Where a key tells the branches apart (`type: integer`), the branch that has the value's; else all of them. */
function meant(union: z.ZodUnion, value: unknown): readonly unknown[] {
  if (!(union instanceof z.ZodDiscriminatedUnion)) return union.options;
  const given = valueAt(value, [union.def.discriminator]);
  const found = union.options.filter((option) => {
    const key = option instanceof z.ZodObject ? bare(option.shape[union.def.discriminator]) : undefined;
    return key instanceof z.ZodLiteral && [...key.values].some((one) => one === given);
  });
  return found.length > 0 ? found : union.options;
}

/** Every schema that may stand at a path of keys and indexes; `root` is the value that is checked as a whole. */
export function schemasAt(schema: unknown, path: readonly PropertyKey[], root?: unknown): unknown[] {
  let value = root;
  let schemas: unknown[] = [schema];
  for (const key of path) {
    schemas = schemas.flatMap((one) => branches(one, value).flatMap((branch) => into(branch, key)));
    value = valueAt(value, [key]);
  }
  return schemas;
}

function into(schema: unknown, key: PropertyKey): unknown[] {
  if (schema instanceof z.ZodObject) {
    const inner: unknown = schema.shape[String(key)];
    return inner === undefined ? [] : [inner];
  }
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (schema instanceof z.ZodArray) return [schema.element];
  return [];
}

/** The keys that a map may have at a path; none where any key may stand. */
export function keysAt(schema: unknown, path: readonly PropertyKey[], root?: unknown): string[] {
  const value = valueAt(root, path);
  const found = schemasAt(schema, path, root).flatMap((one) => branches(one, value).flatMap(keysOf));
  return [...new Set(found)];
}

/** The keys that stand beside a union in an intersection, and so belong to none of its branches. */
export function keysBeside(schema: unknown, path: readonly PropertyKey[]): string[] {
  return schemasAt(schema, path).flatMap((one) => {
    const inner = bare(one);
    return inner instanceof z.ZodIntersection
      ? [...keysOf(bare(inner.def.left)), ...keysOf(bare(inner.def.right))]
      : [];
  });
}

function keysOf(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let inner = value;
  for (const key of path) {
    if (inner === null || typeof inner !== 'object') return undefined;
    inner = Reflect.get(inner, key);
  }
  return inner;
}
