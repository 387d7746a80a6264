import type { Reason } from '../../model/plan.ts';
import type { Mount, Need, Port, ReadyCheck } from '../../model/resource.ts';

/** Lists whose order means something: they are shown whole. */
const ordered = /(^|\.)(command|undo)$/;

/**
 * How two values of one shape differ, down to the field: `env.FOO`, `mounts[/var/lib/x].readOnly`,
 * `privileges.capabilities`. Lists of names are compared as sets, lists of mounts, ports and needs by what
 * identifies an entry. Sorted by field.
 */
export function fieldReasons(before: object, after: object, only: (field: string) => boolean): Reason[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(only).sort();
  return names.flatMap((name) => compare(name, get(before, name), get(after, name)));
}

function compare(where: string, before: unknown, after: unknown): Reason[] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(where, before, after);
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => compare(`${where}.${name}`, before[name], after[name]));
  }
  return [fieldReason(where, before, after)];
}

function compareLists(where: string, before: readonly unknown[], after: readonly unknown[]): Reason[] {
  if (ordered.test(where)) {
    return same(before, after) ? [] : [fieldReason(where, before, after)];
  }
  const name = where.slice(where.lastIndexOf('.') + 1);
  const old = new Map(before.map((entry) => [identify(name, entry), entry]));
  const now = new Map(after.map((entry) => [identify(name, entry), entry]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((id) => {
    const was = old.get(id);
    const is = now.get(id);
    if (was === undefined || is === undefined) {
      const place = name === 'mounts' || name === 'ports' ? `${where}[${id}]` : where;
      return [fieldReason(place, describe(name, was), describe(name, is))];
    }
    return isRecord(was) && isRecord(is) ? compare(`${where}[${id}]`, was, is) : [];
  });
}

function identify(list: string, entry: unknown): string {
  if (isMount(list, entry)) return entry.path;
  if (isPort(list, entry)) return entry.endpoint;
  if (isNeed(list, entry)) return needName(entry);
  if (isReady(list, entry)) return readyName(entry);
  return text(entry);
}

function describe(list: string, entry: unknown): unknown {
  if (isMount(list, entry)) return `${entry.type} ${entry.source}${entry.readOnly ? ' (read-only)' : ''}`;
  if (isPort(list, entry)) return `${entry.port}/${entry.protocol}`;
  if (isNeed(list, entry)) return needName(entry);
  if (isReady(list, entry)) return readyName(entry);
  return entry;
}

/** A need in words: `endpoint keystone/internal`. */
export function needName(need: Need): string {
  switch (need.kind) {
    case 'endpoint':
      return `endpoint ${need.endpoint}`;
    case 'component':
      return `component ${need.component}`;
    case 'task':
      return `task ${need.task}`;
    case 'output':
      return `output ${need.key} of ${need.output}`;
  }
}

function isMount(list: string, entry: unknown): entry is Mount {
  return list === 'mounts' && isRecord(entry);
}

function isPort(list: string, entry: unknown): entry is Port {
  return list === 'ports' && isRecord(entry);
}

function isNeed(list: string, entry: unknown): entry is Need {
  return list === 'needs' && isRecord(entry);
}

function isReady(list: string, entry: unknown): entry is ReadyCheck {
  return list === 'ready' && isRecord(entry);
}

/** A ready check in words. */
function readyName({ request: { method, url }, that }: ReadyCheck): string {
  return that === null ? `${method} ${url}` : `${method} ${url}: ${that}`;
}

/** A changed field; a side that has no value is left out. */
function fieldReason(where: string, before: unknown, after: unknown): Reason {
  return {
    what: 'field',
    where,
    ...(before === undefined || before === null ? {} : { before: shown(where, before) }),
    ...(after === undefined || after === null ? {} : { after: shown(where, after) }),
  };
}

function shown(where: string, value: unknown): string {
  return where.endsWith('.memory') && typeof value === 'number' ? sizeText(value) : text(value);
}

/** Bytes as 512M or 16G where they are whole ones. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['G', 2 ** 30],
    ['M', 2 ** 20],
    ['K', 2 ** 10],
  ] as const) {
    if (bytes >= size && Number.isInteger((bytes / size) * 10)) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((word) => typeof word === 'string')) return value.join(' ');
  return JSON.stringify(value);
}

function same(before: readonly unknown[], after: readonly unknown[]): boolean {
  return before.length === after.length && before.every((entry, index) => entry === after[index]);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function get(from: object, name: string): unknown {
  return Reflect.get(from, name);
}
