import { describe, expect, test } from 'vitest';
import { mayRunLong } from './risk.ts';

describe('templates that need a clock', () => {
  test.each([
    ["{{ 'x' * 9999 }}"],
    ["{{ 'x' * 999 * 999 * 999 }}"],
    ["{{ 'x' * n }}"],
    ["{{ '}}' * 9999 }}"],
    [
      '{% macro a(s) %}x{% endmacro %}{% macro b(s) %}{{ a(s) }}{% endmacro %}{% macro a(s) %}{{ b(s) }}{% endmacro %}',
    ],
    ['{% for i in range(9) %}{% endfor %}'],
    ["{{ x | regex_search('(a+)+') }}"],
    ["{{ x is match('a') }}"],
    ["{% set ns = namespace(s='x') %}"],
    ['{% macro m(s) %}{{ m(s) }}{% endmacro %}'],
    ['{%- macro a(s) -%}{{ b(s) }}{% endmacro %}{% macro b(s) %}x{% endmacro %}'],
    ["{% import 'lib/a.j2' as a %}{% macro b(s) %}{{ a.b(s) }}{% endmacro %}"],
    [Array(21).fill('{% set s = s ~ s %}').join('\n')],
    [Array(21).fill('{% set s %}{{ s }}{{ s }}{% endset %}').join('\n')],
    ['{{ x | indent(1000000000) }}'],
  ])('%s', (text) => {
    expect(mayRunLong(text)).toBe(true);
  });

  test.each([
    ['{{ options.workers }}'],
    ['{{ options.workers * 110 }}M'],
    ['{% macro a(s) %}a {{ s }}{% endmacro %}{%- macro b(s) -%}{{ a(s) }}{%- endmacro %}'],
    ["*/5 * * * * x+y ~ {{ 'it' }} # search"],
    ['{% for n in nodes("a") if n.x %}{{ n.address }}{{ "," if not loop.last }}{% endfor %}'],
    ["{% set url = scheme ~ '://' ~ host %}{{ url }}"],
    ["{{ nodes('control') | map(attribute='address') | join(',') }}"],
    ["{% import 'lib/a.j2' as a %}{{ a.m(1) }}"],
    ['{% macro m(s) %}{{ secret(s) }}{% endmacro %}{{ m(1) }}{{ m(2) }}'],
  ])('not %s', (text) => {
    expect(mayRunLong(text)).toBe(false);
  });

  test('what it includes counts', () => {
    expect(mayRunLong("{% include 'lib/a.j2' %}", () => true)).toBe(true);
    expect(mayRunLong('{{ a }}', () => true)).toBe(false);
  });
});
