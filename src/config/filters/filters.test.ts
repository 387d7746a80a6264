import { describe, expect, test } from 'vitest';
import { Jinja } from '../jinja.ts';

const jinja = new Jinja({ templates: new Map(), globals: {} });
const value = (text: string) =>
  jinja.value(`{{ ${text} }}`, { file: 'a' }, { list: [3, 1, 3], map: { b: 1, a: { c: 2 } } });

/** Jinja2's own were run with Jinja2 3 (its tojson writes ä as \\u00e4, which means the same); Ansible's follow its documentation. */
describe('filters give what Ansible gives', () => {
  test.each([
    ["['yes', 'On', 'TRUE', '1', 'y', 't', 1, true] | map('bool') | list", Array(8).fill(true)],
    ["['no', 'off', 'false', '0', 'x', '', 0, false] | map('bool') | list", Array(8).fill(false)],
    ['map | to_json', '{"a": {"c": 2}, "b": 1}'],
    ["{'l': [1, none, true, 'ä']} | tojson", '{"l": [1, null, true, "ä"]}'],
    ['list | to_nice_json(indent=2)', '[\n  3,\n  1,\n  3\n]'],
    ['\'{"a": [1]}\' | from_json', { a: [1] }],
    ["'a: yes' | from_yaml", { a: true }],
    ["{'a': 'yes', 'b': [1]} | to_nice_yaml(indent=2)", 'a: "yes"\nb:\n  - 1\n'],
    ["'ä' | b64encode", 'w6Q='],
    ["'w6Q=' | b64decode", 'ä'],
    ["'' | quote", "''"],
    [`"it's" | quote`, `'it'"'"'s'`],
    ["'a b/ä?' | urlencode", 'a%20b/%C3%A4%3F'],
    ["{'a': 'x y', 'b': 1} | urlencode", 'a=x+y&b=1'],
    ["'it\\'s a-b' | title", "It's A-B"],
    ["'abc' | hash('sha1')", 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ["'abc' | hash('sha256') | length", 64],
    ["'a1b2' | regex_replace('([a-z])(\\\\d)', '\\\\2\\\\1')", '1a2b'],
    ["'cost' | regex_replace('^', '$')", '$cost'],
    ["'Abc' | regex_replace('(?P<x>b)', '<\\\\g<x>>')", 'A<b>c'],
    ["'eth0.12' | regex_search('\\\\d+$')", '12'],
    ["'host:80' | regex_search('(\\\\w+):(\\\\d+)', '\\\\2', '\\\\1')", ['80', 'host']],
    ["'a1b22' | regex_findall('\\\\d+')", ['1', '22']],
    ["'ABC' | regex_findall('b', ignorecase=true)", ['B']],
    ["'a.b' | regex_escape", 'a\\.b'],
    ["map | combine({'d': 3}, {'b': 2})", { a: { c: 2 }, b: 2, d: 3 }],
    ["map | combine({'a': {'x': 1}}, recursive=True)", { a: { c: 2, x: 1 }, b: 1 }],
    ["map | combine({'a': {'x': 1}})", { a: { x: 1 }, b: 1 }],
    ["[map, {'b': 5}] | combine", { a: { c: 2 }, b: 5 }],
    ["true | ternary('a', 'b') ~ (false | ternary('a', 'b'))", 'ab'],
    ["'x' | mandatory", 'x'],
    ["'a\\nb\\n' | splitlines", ['a', 'b']],
    ["'/etc/a.conf' | basename ~ ' ' ~ '/etc/a.conf' | dirname", 'a.conf /etc'],
    ['list | union([2, 1])', [3, 1, 2]],
    ['list | difference([1])', [3]],
    ['list | intersect([1, 7])', [1]],
    ['[1, 2] | symmetric_difference([2, 3])', [1, 3]],
    ["['b', 'a', 'b'] | unique", ['b', 'a']],
    ['[1, [2, [3]]] | flatten', [1, 2, 3]],
    ['[1, [2, [3]]] | flatten(levels=1)', [1, 2, [3]]],
    ["['a', 'b'] | zip(['x', 'y']) | map('join', ':') | join(',')", 'a:x,b:y'],
    ["{'a': 1} | dict2items", [{ key: 'a', value: 1 }]],
    ["{'a': 1} | dict2items(key_name='k', value_name='v')", [{ k: 'a', v: 1 }]],
    ["[{'key': 'a', 'value': 1}] | items2dict", { a: 1 }],
    ["'%s-%03d %5.1f%% %-3s|' | format('a', 7, 2.5, 'b')", 'a-007   2.5% b  |'],
    ["'::1' | put_address_in_context('url') ~ '10.0.0.1' | put_address_in_context('url')", '[::1]10.0.0.1'],
    ["'::1' | put_address_in_context('memcache')", 'inet6:[::1]'],
    [
      "'fd00::1' | kolla_url('https', 443, '/x') ~ ' ' ~ 'a.b' | kolla_url('http', 6080)",
      'https://[fd00::1]/x http://a.b:6080',
    ],
    ["'note' | comment", '#\n# note\n#'],
    ["'aXbX' | replace('X', '-') ~ 'aXbX' | replace('X', '-', 1)", 'a-b-a-bX'],
    ["'hello wORLD' | title ~ 'hELLO' | capitalize ~ 'a' | upper ~ 'B' | lower", 'Hello WorldHelloAb'],
    ['list | length ~ map | count ~ "äb" | length', '322'],
    ["[true, none, 'a\"b', {'k': [1]}] | python", '[True, None, "a\\"b", {"k": [1]}]'],
    ["'abc' is match('b')", false],
    ["'abc' is search('b')", true],
    ["'3.10' is version('3.9', '>=')", true],
    [
      "[1] is subset([1, 2]) and [1, 2] is superset([1]) and [1] is contains(1) and 'ab' is contains('a')",
      true,
    ],
    ["['a1', 'b'] | select('match', 'a') | list", ['a1']],
    ["'2026-01-01 00:00:00' is before('2026-01-01T00:00:01.5Z')", true],
    ["'2026-01-01T00:00:00.1' is before('2026-01-01 00:00:00.9')", false],
    ["'2026-01-01T02:00:00+02:00' is before('2026-01-01T00:00:01Z')", true],
    ["none is before('2026-01-01T00:00:00Z') or '2026-01-01T00:00:00Z' is before(none)", false],
    ["[{'on': true, 'n': 1}, {'on': false, 'n': 2}] | selectattr('on') | map(attribute='n') | list", [1]],
  ])('%s', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test.each([
    ["'x' | hash('crc')", 'hash does not know crc'],
    ["'x' | combine({})", 'combine needs a map'],
    ["'x' | union([1])", 'union needs a list'],
    ["'{' | from_json", 'cannot read'],
    ["nope | mandatory('say it')", 'say it'],
    ["'%d' | format('x')", 'needs a number'],
    ["'%s %s' | format('x')", 'more places than values'],
    ["'::1' | put_address_in_context('x')", 'knows url and memcache'],
    ["('a' * 100000) | replace('a', 'b' * 1000)", 'more than 4 MiB'],
    ['nope | length', 'undefined or none'],
    ["'soon' is before('2026-01-01T00:00:00Z')", 'soon is not a time'],
  ])('%s is refused', (text, message) => {
    expect(() => value(text)).toThrow(
      expect.objectContaining({ code: 'KLG-206', message: expect.stringContaining(message) }),
    );
  });
});
