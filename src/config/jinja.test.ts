import { describe, expect, test } from 'vitest';
import type { TextFile } from '../model/catalog.ts';
import { KollageError } from '../model/error.ts';
import { Jinja } from './jinja.ts';

const file = (path: string, text: string): TextFile => ({ path, file: `catalog/${path}`, text });
const library = [
  file(
    'lib/oslo.j2',
    '{% macro database(name) %}\nconnection = mysql://{{ name }}:{{ secret(name) }}@{{ db.host }}\n{% endmacro %}\n',
  ),
  file('lib/page.yaml.j2', 'a: {{ text }}\n'),
];
const context = {
  options: { debug: true, workers: 4, none: null, list: [1, 'b'], text: 'a<b>"c"' },
  text: `it's`,
  nodes: [{ name: 'a' }],
};

function make(globals: Record<string, unknown> = {}): Jinja {
  return new Jinja({
    templates: new Map(library.map((one) => [one.path, one])),
    globals: {
      secret: (name: unknown) => `@{secret.${name}}`,
      db: { host: 'db1' },
      db_password: '@{secret.db_password}',
      ...globals,
    },
  });
}
const jinja = make();
const place = { file: 'service.yaml', line: 10, column: 3 };

function failure(work: () => unknown): {
  code: string;
  message: string;
  line: number | undefined;
  column: number | undefined;
  file: string | undefined;
} {
  try {
    work();
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    const { finding } = error;
    return {
      code: finding.code,
      message: finding.message,
      file: finding.place?.file,
      line: finding.place?.line,
      column: finding.place?.column,
    };
  }
  throw new Error('it did not fail');
}

describe('what a text gives', () => {
  test.each([
    ['plain @{secret.x} text', 'plain @{secret.x} text'],
    ['{{ options.debug }}', true],
    ['{{ options.workers }}', 4],
    ['{{ options.none }}', null],
    ['{{ options.list }}', [1, 'b']],
    ["{{ {'a': {'b': none}} }}", { a: { b: null } }],
    ["{{- '}}' -}}", '}}'],
    ['{{ options.workers }}{{ options.workers }}', '44'],
    ['debug = {{ options.debug }}', 'debug = true'],
    ['{{ options.text }}.', 'a<b>"c".'],
    ['{# a note #}x\n', 'x\n'],
    ['{% if options.debug %}\nx\n{% endif %}\ny\n', 'x\ny\n'],
    ['{{ db.host }}:{{ text }}', `db1:it's`],
    ["{{ 'a,b'.split(',') | last | upper }}", 'B'],
    ['{% for node in nodes if node.name %}{{ node.name }}{% endfor %}', 'a'],
    ["{% include 'lib/page.yaml.j2' %}", `a: it's\n`],
    [
      "{% from 'lib/oslo.j2' import database with context %}{{ database('nova') }}",
      'connection = mysql://nova:@{secret.nova}@db1\n',
    ],
    ["{{ nope | default('z') }}", 'z'],
    ['{{ nope is defined }}', false],
  ])('%j gives %j', (text, expected) => {
    expect(jinja.value(text, place, context)).toEqual(expected);
  });

  test.each([
    [undefined, true],
    [false, false],
    ['options.debug and not options.none', true],
    ["{{ text == 'x' }}", false],
    ['options.list', true],
    ['[]', false],
    ['nope is defined', false],
  ])('the condition %j is %j', (condition, expected) => {
    expect(jinja.test(condition, place, context)).toBe(expected);
  });

  test('a context that changes between two renders is seen as it is', () => {
    const options: Record<string, unknown> = { a: 1 };
    expect(jinja.value('{{ options.a }}', place, { options })).toBe(1);
    options['b'] = '@{secret.x}';
    expect(jinja.value('{{ options.b }}', place, { options })).toBe('@{secret.x}');
  });
});

describe('mistakes name their place', () => {
  const text = (body: string) => () => jinja.renderFile(file('nova/nova.conf.j2', body), context);
  test.each([
    [
      '[DEFAULT]\nworkers = {{ options.wrokers }}\n',
      2,
      14,
      'options.wrokers is not defined; did you mean options.workers?',
    ],
    ['{{ optoins.debug }}', 1, 4, 'optoins is not defined; did you mean options?'],
    ['a\n{% if nodes2 %}\n{% endif %}', 2, 7, 'nodes2 is not defined; did you mean nodes?'],
    ['{% for n in nodes %}{{ n.nope }}{% endfor %}', 1, 24, 'n.nope is not defined'],
    ['\n\n{{ options.debug', 3, undefined, 'syntax error: unexpected end of input'],
    ["\n{{ 'a' | uper }}", 2, 10, 'unknown filter: filter uper is unknown'],
    ['\n{{ nope | bool }}', 2, 11, 'bool was given a value that is undefined or none'],
    ["{% include 'lib/nope.j2' %}", 1, 4, 'template not found'],
    ["\n{{ 'x' | regex_search('(') }}", 2, 10, 'not a regular expression'],
  ])('%j', (body, line, column, message) => {
    expect(failure(text(body))).toMatchObject({
      code: 'KLG-206',
      file: 'catalog/nova/nova.conf.j2',
      line,
      message: expect.stringContaining(message),
    });
    if (column !== undefined) expect(failure(text(body)).column).toBe(column);
  });

  test('inside an included template', () => {
    const broken = new Jinja({
      templates: new Map([['lib/a.j2', file('lib/a.j2', '{% macro m(x) %}\n{{ x.y.z }}{% endmacro %}')]]),
      globals: {},
    });
    const error = failure(() =>
      broken.renderFile(file('b.j2', "{% import 'lib/a.j2' as a %}\n\n{{ a.m(options) }}"), context),
    );
    expect(error).toEqual({
      code: 'KLG-206',
      message: 'x.y.z is not defined',
      file: 'catalog/lib/a.j2',
      line: 2,
      column: 4,
    });
  });

  test.each([
    ['{{ nope }}', 10],
    ['a\n{{ nope }}', 11],
    ['a\n{{ nope }}\n', 12],
  ])('inside a YAML file: %j', (body, line) => {
    expect(failure(() => jinja.render(body, place, context))).toMatchObject({
      code: 'KLG-206',
      file: 'service.yaml',
      line,
    });
  });

  test('of an expression and of a condition', () => {
    expect(failure(() => jinja.value('{{ options.debgu }}', place, context)).message).toContain(
      'did you mean options.debug?',
    );
    expect(failure(() => jinja.test('options.debgu', place, context)).message).toContain(
      'did you mean options.debug?',
    );
  });

  test("a caller's function keeps its own code, and gets the place", () => {
    const other = make({
      endpoint: (id: unknown) => {
        throw new KollageError({ code: 'KLG-202', message: `no endpoint ${id}` });
      },
    });
    const error = failure(() => other.renderFile(file('a.conf', "x\ny = {{ endpoint('a/b') }}"), {}));
    expect(error).toMatchObject({ code: 'KLG-202', message: 'no endpoint a/b', line: 2 });
    expect(other.render('{{ db.host }}', place, {})).toBe('db1');
  });
});

describe('secrets pass as tokens', () => {
  const mixed = { url: 'amqp://u:@{secret.x}@h' };
  test.each([
    ["{{ secret('a') }}:{{ db_password }}", '@{secret.a}:@{secret.db_password}'],
    ["{{ secret('a') | urlencode }}", '@{secret.a|urlencode}'],
    ['{{ url | urlencode }}', 'amqp%3A//u%3A@{secret.x|urlencode}%40h'],
    ["{{ secret('a') | b64encode | urlencode }}", '@{secret.a|b64encode|urlencode}'],
    ['{{ url | quote }}', 'amqp://u:@{secret.x|quote}@h'],
    ['{{ url | tojson }}', '"amqp://u:@{secret.x|json}@h"'],
    ["{{ {'k': [url]} | to_json }}", '{"k": ["amqp://u:@{secret.x|json}@h"]}'],
    ["{{ {'k': url} | to_nice_yaml }}", '"k": "amqp://u:@{secret.x|json}@h"\n'],
    ["{{ secret('a') if db_password else '' }}", '@{secret.a}'],
    ["{{ 'host' ~ ':' ~ secret('a') }}", 'host:@{secret.a}'],
  ])('%s', (text, expected) => {
    expect(jinja.value(text, place, mixed)).toBe(expected);
    expect(jinja.render(`${text} `, place, mixed)).toBe(`${expected} `);
  });

  test.each([
    'upper',
    'lower',
    'title',
    'capitalize',
    'length',
    'count',
    'reverse',
    'first',
    'last',
    'list',
    "replace('a', 'b')",
    "hash('sha256')",
    'trim | truncate(3)',
    'sort',
    'unique',
    "regex_replace('a', 'b')",
    'b64decode',
    'splitlines',
    'basename',
    'bool',
    'from_json',
  ])('%s of a secret is refused', (filter) => {
    for (const text of [`{{ db_password | ${filter} }}`, `{{ db_password | ${filter} }} x`]) {
      const error = failure(() => jinja.value(text, place, {}));
      // Where the engine itself refuses, that is good too.
      expect(['KLG-123', 'KLG-206']).toContain(error.code);
      expect(error.line).toBe(10);
    }
  });

  test.each([
    'db_password[1:]',
    'db_password[:-1]',
    'db_password[::-1]',
    'db_password.upper()',
    'db_password.lower()',
    '[db_password[2:5]]',
    'url | b64encode',
  ])('%s is refused', (expression) => {
    expect(failure(() => jinja.value(`{{ ${expression} }}`, place, mixed)).code).toBe('KLG-123');
    const error = failure(() => jinja.renderFile(file('a.conf', `[a]\nkey = {{ ${expression} }}\n`), mixed));
    expect(error).toMatchObject({ code: 'KLG-123', file: 'catalog/a.conf', line: 2 });
  });
});

describe('templates that do not end', () => {
  test.each([
    ['a loop in a loop', '{% for i in range(100000) %}{% for j in range(100000) %}x{% endfor %}{% endfor %}'],
    [
      'costly steps',
      "{% for i in range(10000) %}{% set x = range(10000) | list | sort | join(',') %}{% endfor %}",
    ],
    ['long texts', "{% set x = 'y' * 1000000 %}{% for i in range(100000) %}{{ (x ~ i) | trim }}{% endfor %}"],
    [
      'a text that doubles',
      "{% set ns = namespace(s='x') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    ],
    ['a huge text', "{{ 'x' * 1000000000 }}"],
    ['a huge list', '{{ [1] * 1000000000 }}'],
    ['a macro that calls itself', '{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(1) }}'],
    ['a pattern that backtracks', "{{ ('a' * 40 ~ 'b') | regex_search('^(a+)+$') }}"],
  ])('%s', (_, body) => {
    expect(failure(() => jinja.renderFile(file('a.conf', body), {}))).toMatchObject({
      code: 'KLG-207',
      file: 'catalog/a.conf',
    });
    expect(jinja.render('{{ db.host }}', place, {})).toBe('db1');
  });

  test('a loop over a few thousand nodes is not one of them', () => {
    const nodes = Array.from({ length: 5000 }, (_, index) => ({
      name: `node-${index}`,
      address: '10.0.0.1',
    }));
    const body =
      '{% for node in nodes %}\n{{ node.address }} {{ node.name }}{% if loop.last %} # last{% endif %}\n\n{% endfor %}';
    expect(jinja.renderFile(file('hosts', body), { nodes })).toContain('10.0.0.1 node-4999 # last');
  });

  test('many that are used one after the other take no more than one, when they are disposed of', () => {
    const large = `${'#'.repeat(2 ** 22)}{{ db.host }}`;
    for (let count = 0; count < 80; count++) {
      using one = make();
      expect(one.render(large, place, {}).endsWith('#db1')).toBe(true);
    }
  }, 60_000);
});
