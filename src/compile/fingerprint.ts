import { createHash } from 'node:crypto';

/** JSON with the keys of every object sorted, so that equal data gives equal bytes. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** SHA-256 of a text, or of data as canonical JSON: 32 hexadecimal digits, which is enough to never meet by chance. */
export function hash(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
