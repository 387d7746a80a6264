import { type Call, type Filter, fail, filter, list, ofText, text } from './call.ts';

/*
 * Ansible's filters and tests of regular expressions. Python's syntax is near enough to JavaScript's but for named groups,
 * references in a replacement, and flags. A pattern that backtracks for ever is stopped by the time limit of the render.
 */
export const patternFilters: Readonly<Record<string, Filter>> = {
  regex_replace: ofText(
    (value, call) => value.replace(pattern(call, 'g'), replacement(String(call.arg(1) ?? ''))),
    'pattern',
    'replacement',
    'ignorecase',
    'multiline',
  ),
  regex_search: ofText((value, call) => {
    const found = pattern(call, '').exec(value);
    const groups = call.args
      .slice(1)
      .flatMap((group) => /^\\+(?:g<(\w+)>|(\d+))$/.exec(String(group))?.slice(1).find(Boolean) ?? []);
    if (!found || groups.length === 0) return found?.[0] ?? '';
    return groups.map((group) => found[Number(group)] ?? found.groups?.[group] ?? '');
  }, 'pattern'),
  regex_findall: ofText(
    (value, call) =>
      [...value.matchAll(pattern(call, 'g'))].map(([whole, ...groups]) =>
        groups.length > 1 ? groups : (groups[0] ?? whole),
      ),
    'pattern',
    '',
    'ignorecase',
    'multiline',
  ),
  regex_escape: ofText((value) => value.replace(/[\\^$.*+?()[\]{}|#&~\s-]/g, '\\$&')),
};

/** Ansible's tests that minijinja lacks. */
export const tests: Readonly<Record<string, Filter>> = {
  match: ofText(
    (value, call) => new RegExp(`^(?:${pattern(call, '').source})`, pattern(call, '').flags).test(value),
    'pattern',
    '',
    'ignorecase',
    'multiline',
  ),
  search: ofText((value, call) => pattern(call, '').test(value), 'pattern', '', 'ignorecase', 'multiline'),
  regex: ofText((value, call) => pattern(call, '').test(value), 'pattern', '', 'ignorecase', 'multiline'),
  contains: filter((call) =>
    Array.isArray(call.value) ? call.value.includes(call.arg(0)) : text(call).includes(String(call.arg(0))),
  ),
  subset: filter((call) => list(call).every((item) => list(call, call.arg(0)).includes(item))),
  superset: filter((call) => list(call, call.arg(0)).every((item) => list(call).includes(item))),
  version: ofText(
    (value, call) => compares(versions(value, String(call.arg(0))), String(call.arg(1) ?? '==')),
    'version',
    'operator',
  ),
};

function pattern(call: Call, flags: string): RegExp {
  const source = String(call.arg(0) ?? '')
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>');
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const all = new Set([
    ...flags,
    ...(inline?.[1] ?? ''),
    ...(call.arg(2) === true ? 'i' : ''),
    ...(call.arg(3) === true ? 'm' : ''),
  ]);
  try {
    return new RegExp(
      source
        .slice(inline?.[0].length ?? 0)
        .replaceAll('\\Z', '$')
        .replaceAll('\\A', '^'),
      [...all].join(''),
    );
  } catch {
    return fail(`${call.name} was given a pattern that is not a regular expression: ${source}`);
  }
}

/** Python's \1 and \g<name> as JavaScript's $1 and $<name>. */
function replacement(by: string): string {
  return by
    .replaceAll('$', '$$$$')
    .replace(/\\(\d)/g, '$$$1')
    .replace(/\\g<(\d+)>/g, '$$$1')
    .replace(/\\g<(\w+)>/g, '$$<$1>');
}

/** Below, equal or above 0, part by part, numbers as numbers. */
function versions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function compares(order: number, operator: string): boolean {
  const name =
    { '=': 'eq', '==': 'eq', '!=': 'ne', '<>': 'ne', '<': 'lt', '<=': 'le', '>': 'gt', '>=': 'ge' }[
      operator
    ] ?? operator;
  if (name === 'eq') return order === 0;
  if (name === 'ne') return order !== 0;
  if (name === 'lt' || name === 'le') return order < 0 || (name === 'le' && order === 0);
  return order > 0 || (name === 'ge' && order === 0);
}
