import { parse, stringify } from 'yaml';
import {
  type Call,
  display,
  escapeSecrets,
  type Filter,
  fail,
  filter,
  identity,
  list,
  map,
  ofText,
  plain,
  refuseSecrets,
} from './call.ts';

/** Filters of lists, maps and their printed forms: those that Ansible has and minijinja lacks. */
export const dataFilters: Readonly<Record<string, Filter>> = {
  tojson: filter((call) => json(call, call.arg(0)), 'indent'),
  to_json: filter((call) => json(call, call.arg(0)), 'indent'),
  to_nice_json: filter((call) => json(call, call.arg(0) ?? 4), 'indent'),
  from_json: ofText((value, call) => parsed(() => JSON.parse(value), call)),
  /** A literal of Python, for settings that are Python files: True, None, "text". */
  python: filter((call) => escapeSecrets(call, literal(plain(call.value)))),
  to_yaml: filter((call) => yaml(call, 2), 'indent'),
  to_nice_yaml: filter((call) => yaml(call, Number(call.arg(0) ?? 4)), 'indent'),
  from_yaml: ofText((value, call) => parsed(() => parse(value, { version: '1.1' }), call)),
  /** Jinja2's; a secret has no length yet. */
  length: filter(length),
  count: filter(length),
  ternary: filter((call) => (truthy(call.value) ? call.arg(0) : call.arg(1)), 'true_val', 'false_val'),
  mandatory: filter(
    (call) => call.value ?? fail(String(call.arg(0) ?? 'a mandatory value is not defined')),
    'msg',
  ),
  combine: filter(combine, 'recursive', 'list_merge'),
  union: filter((call) => unique([...list(call), ...list(call, call.arg(0))])),
  difference: filter((call) => unique(list(call)).filter(without(call))),
  intersect: filter((call) => unique(list(call)).filter((item) => !without(call)(item))),
  symmetric_difference: filter((call) => {
    const mine = new Set(list(call).map(identity));
    return unique([
      ...list(call).filter(without(call)),
      ...list(call, call.arg(0)).filter((item) => !mine.has(identity(item))),
    ]);
  }),
  unique: filter((call) => unique(list(call))),
  flatten: filter((call) => list(call).flat(Math.min(Number(call.arg(0) ?? 64), 64)), 'levels'),
  zip: filter((call) => {
    const lists = [list(call), ...call.args.map((other) => list(call, other))];
    return list(call)
      .slice(0, Math.min(...lists.map((one) => one.length)))
      .map((_, index) => lists.map((one) => one[index]));
  }),
  dict2items: filter(
    (call) =>
      [...map(call)].map(
        ([key, value]) =>
          new Map([
            [call.arg(0) ?? 'key', key],
            [call.arg(1) ?? 'value', value],
          ]),
      ),
    'key_name',
    'value_name',
  ),
  items2dict: filter(
    (call) =>
      new Map(
        list(call).map((item) => [
          map(call, item).get(call.arg(0) ?? 'key'),
          map(call, item).get(call.arg(1) ?? 'value'),
        ]),
      ),
    'key_name',
    'value_name',
  ),
};

/** Python's truth, without the texts that Ansible's `bool` reads. */
export function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value instanceof Map ? value.size > 0 : Boolean(value);
}

function length(call: Call): number {
  const { value } = call;
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  if (typeof value !== 'string')
    return fail(
      `${call.name} was given ${value === undefined ? 'a value that is undefined or none' : display(value)}`,
    );
  refuseSecrets(call, value);
  return [...value].length;
}

function json(call: Call, indent: unknown): string {
  const data = plain(call.value);
  return escapeSecrets(call, typeof indent === 'number' ? JSON.stringify(data, null, indent) : spaced(data));
}

/** As Python's json.dumps prints: a space after `:` and `,`. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`)
    .join(', ')}}`;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value === null) return 'None';
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${literal(item)}`)
    .join(', ')}}`;
}

function yaml(call: Call, indent: number): string {
  // Secrets stand in double quotes, so that they can be escaped whatever they hold.
  const printed = stringify(plain(call.value), {
    indent: Math.min(Math.max(indent, 1), 16),
    lineWidth: 0,
    version: '1.1',
    defaultStringType: call.mask.holds(identity(call.value)) ? 'QUOTE_DOUBLE' : 'PLAIN',
  });
  return escapeSecrets(call, printed);
}

function parsed(work: () => unknown, call: Call): unknown {
  try {
    return work();
  } catch {
    return fail(`${call.name} was given a text that it cannot read`);
  }
}

function combine(call: Call): unknown {
  const maps = [call.value, ...call.args].flat().map((one) => map(call, one));
  const deep = truthy(call.named.get('recursive'));
  return maps.reduce((all, one) => laid(all, one, deep), new Map());
}

function laid(
  under: ReadonlyMap<unknown, unknown>,
  over: ReadonlyMap<unknown, unknown>,
  deep: boolean,
): ReadonlyMap<unknown, unknown> {
  const out = new Map(under);
  for (const [key, value] of over) {
    const before = out.get(key);
    out.set(key, deep && before instanceof Map && value instanceof Map ? laid(before, value, deep) : value);
  }
  return out;
}

function unique(items: readonly unknown[]): unknown[] {
  return [...new Map(items.map((item) => [identity(item), item])).values()];
}

function without(call: Call): (item: unknown) => boolean {
  const others = new Set(list(call, call.arg(0)).map(identity));
  return (item) => !others.has(identity(item));
}
