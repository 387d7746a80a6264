import type { Environment } from '../engine.ts';
import type { Mask } from '../mask.ts';
import { type Call, type Filter, plain } from './call.ts';
import { dataFilters } from './data.ts';
import { patternFilters, tests } from './pattern.ts';
import { textFilters } from './text.ts';
import { timeTests } from './time.ts';

const filters = { ...textFilters, ...dataFilters, ...patternFilters };

/**
 * Adds our filters and tests. They never throw into WebAssembly, which would break it for good: `guard` runs the work,
 * and gives what stops the template when it fails.
 */
export function registerFilters(
  environment: Environment,
  mask: Mask,
  guard: (work: () => unknown) => unknown,
): void {
  const bound =
    (name: string, filter: Filter) =>
    (value: unknown, ...args: unknown[]) =>
      guard(() => carried(filter.run(toCall(name, filter, value, args, mask))));
  for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, bound(name, filter));
  for (const [name, filter] of Object.entries({ ...tests, ...timeTests }))
    environment.addTest(name, bound(name, filter));
}

/** The engine takes maps back as objects only. */
function carried(value: unknown): unknown {
  return typeof value === 'object' ? plain(value) : value;
}

/** Arguments given by name arrive as one Map behind the others. */
function toCall(name: string, filter: Filter, value: unknown, all: readonly unknown[], mask: Mask): Call {
  const last = all.at(-1);
  const isNamed =
    last instanceof Map &&
    last.size > 0 &&
    [...last.keys()].every((key) => filter.names.includes(String(key)));
  const args = isNamed ? all.slice(0, -1) : all;
  const named: ReadonlyMap<unknown, unknown> = isNamed ? last : new Map();
  return { name, value, args, named, mask, arg: (index) => args[index] ?? named.get(filter.names[index]) };
}
