import { KollageError } from '../../model/error.ts';
import type { Mask } from '../mask.ts';

/** One use of a filter. Maps arrive as Map, none and undefined both as undefined. */
export interface Call {
  readonly name: string;
  readonly value: unknown;
  readonly mask: Mask;
  /** The argument at this place, by position or by its name. */
  readonly arg: (index: number) => unknown;
  /** All arguments given by position. */
  readonly args: readonly unknown[];
  /** All arguments given by name. */
  readonly named: ReadonlyMap<unknown, unknown>;
}

export interface Filter {
  readonly run: (call: Call) => unknown;
  /** The arguments that may be given by name, in their order. */
  readonly names: readonly string[];
}

export function filter(run: (call: Call) => unknown, ...names: string[]): Filter {
  return { run, names };
}

/** A filter that looks at the characters of a text, and so may not be given a secret. */
export function ofText(run: (text: string, call: Call) => unknown, ...names: string[]): Filter {
  return filter((call) => run(text(call), call), ...names);
}

/** The value as a text without secrets: KLG-123 when it holds one. */
export function text(call: Call): string {
  const value = anyText(call, call.value);
  refuseSecrets(call, value);
  return value;
}

/** The value as a text, which may hold masked secrets. */
export function anyText(call: Call, value: unknown): string {
  if (value === undefined || value === null)
    return fail(`${call.name} was given a value that is undefined or none`);
  return display(value);
}

/** As minijinja prints it. */
export function display(value: unknown): string {
  if (value === undefined || value === null) return 'none';
  return typeof value === 'object' ? JSON.stringify(plain(value)) : String(value);
}

export function list(call: Call, value: unknown = call.value): unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return [...value.keys()];
  return fail(`${call.name} needs a list`);
}

export function map(call: Call, value: unknown = call.value): ReadonlyMap<unknown, unknown> {
  return value instanceof Map ? value : fail(`${call.name} needs a map`);
}

/** Maps as objects, none as null, at any depth. */
export function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  return value;
}

/** What two values must share to count as the same. */
export function identity(value: unknown): string {
  return JSON.stringify(plain(value));
}

export function refuseSecrets(call: Call, value: string): void {
  if (!call.mask.holds(value)) return;
  const names = call.mask
    .pieces(value)
    .flatMap((piece) => (typeof piece === 'string' ? [] : [`${piece.kind}.${piece.name}`]));
  fail(
    `${names.join(', ') || 'a secret'} cannot be put through ${call.name}: its value is not known yet`,
    'KLG-123',
  );
}

/** The value with `change` applied to its plain text, and the filter noted on each secret in it. */
export function around(call: Call, filter: string, change: (text: string) => string): string {
  const value = anyText(call, call.value);
  return call.mask
    .pieces(value)
    .map((piece) => (typeof piece === 'string' ? change(piece) : call.mask.through(piece, filter)))
    .join('');
}

/** Secrets inside the quotes of a printed JSON or YAML text, escaped when they are filled in. */
export function escapeSecrets(call: Call, printed: string): string {
  return call.mask
    .pieces(printed)
    .map((piece) => (typeof piece === 'string' ? piece : call.mask.through(piece, 'json')))
    .join('');
}

export function fail(message: string, code: 'KLG-123' | 'KLG-206' = 'KLG-206'): never {
  throw new KollageError({ code, message });
}
