import type { Edit } from './sandbox.ts';

/** A case by name: what is done to the sound folder, and how it must end: `done`, or the first code. */
export type Case = readonly [name: string, ends: string, ...edits: Edit[]];

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => line(index)).join('\n');
const write = (path: string, text: string): Edit => ({ path, write: text });
/** One more line at the end of a file. */
const add = (path: string, text: string): Edit => ({ path, change: (before) => `${before}${text}\n` });
const replace = (path: string, from: string | RegExp, to: string): Edit => ({
  path,
  change: (before) => {
    const after = before.replace(from, () => to);
    if (after === before) throw new Error(`${path} holds no ${from}`);
    return after;
  },
});

/** `a: [*z, *z, …]`, ten lines that would be 10^10 values. */
const bomb = `z0: &z0 [x]\n${lines(10, (n) => `z${n + 1}: &z${n + 1} [${`*z${n}, `.repeat(10)}]`)}\n`;
const deep = (open: string, close: string, count: number) =>
  `a: ${open.repeat(count)}${close.repeat(count)}\n`;

export const yamlCases: readonly Case[] = [
  'kollage.yaml',
  'globals.yml',
  'passwords.yml',
  'config/web/policy.yaml',
  'config/web/limits.json',
].flatMap((path): Case[] => {
  const code = path.startsWith('config/') ? 'KLG-208' : 'KLG-102';
  return [
    [`${path}: an alias bomb`, code, write(path, bomb)],
    [
      `${path}: a large value aliased often`,
      '*',
      write(path, `a: &a [${'xxxxxxxxx, '.repeat(20_000)}]\nb:\n${'  - *a\n'.repeat(9000)}`),
    ],
    [`${path}: an alias to itself`, code, write(path, 'a: &a [*a]\n')],
    [`${path}: a merge key of itself`, '*', write(path, 'a: &a\n  <<: *a\n  b: 1\n')],
    [`${path}: brackets nested 5,000 deep`, '*', write(path, deep('[', ']', 5000))],
    [`${path}: brackets nested 50,000 deep`, '*', write(path, deep('[', ']', 50_000))],
    [`${path}: brackets opened 3,000,000 times`, '*', write(path, '['.repeat(3_000_000))],
    [`${path}: dashes nested 20,000 deep`, '*', write(path, `a:\n  ${'- '.repeat(20_000)}1\n`)],
    [`${path}: questions nested 20,000 deep`, '*', write(path, `${'? '.repeat(20_000)}1\n`)],
    [
      `${path}: maps nested 3,000 deep`,
      '*',
      write(
        path,
        lines(3000, (n) => `${' '.repeat(n)}a:`),
      ),
    ],
    [`${path}: a key of 1 MiB`, '*', write(path, `${'k'.repeat(2 ** 20)}: 1\n`)],
    [`${path}: a value of 3 MiB`, '*', write(path, `k: "${'v'.repeat(3 * 2 ** 20)}"\n`)],
    [
      `${path}: 60,000 keys`,
      '*',
      write(
        path,
        lines(60_000, (n) => `key${n}: ${n}`),
      ),
    ],
    [
      `${path}: 60,000 keys alike`,
      '*',
      write(
        path,
        lines(60_000, () => 'key: 1'),
      ),
    ],
    [
      `${path}: 100,000 lines that are no YAML`,
      '*',
      write(
        path,
        lines(100_000, () => '}: [ "'),
      ),
    ],
    [`${path}: two documents`, '*', write(path, 'a: 1\n---\nb: 2\n')],
    [`${path}: empty`, '*', write(path, '')],
    [`${path}: a list`, '*', write(path, '- 1\n')],
    [
      `${path}: keys that objects have by themselves`,
      '*',
      add(path, 'constructor: 1\ntoString: {}\nhasOwnProperty: true'),
    ],
    [`${path}: __proto__`, '*', add(path, '__proto__: { polluted: true }')],
  ];
});

const redos = `${'a'.repeat(60)}!`;
const jinja = {
  'a loop in a loop in a loop':
    '{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}{% endfor %}{% endfor %}{% endfor %}',
  'a text doubled without end':
    "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
  'a list doubled without end':
    '{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s | length }}',
  'a macro that calls itself': '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  'a macro that calls itself twice': '{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}',
  'a huge range': '{{ range(10 ** 12) | list | length }}',
  'a huge repetition': "{{ 'x' * 10 ** 10 }}",
  'a huge power': '{{ 9 ** 9 ** 9 }}',
  'a huge indent': "{{ 'x' | indent(10 ** 9) }}",
  'a huge format': "{{ '%999999999d' | format(1) }}",
  'a pattern that backtracks': `{{ '${redos}' | regex_search('^(a+)+$') }}`,
  'a replacement that grows': `{{ ('a' * 100000) | regex_replace('a', 'b' * 100000) | length }}`,
  'joins of joins': "{{ range(30000) | list | map('string') | map('center', 30000) | join }}",
  'sorts of much': '{{ range(90000) | list | sort(reverse=true) | unique | list | length }}',
  'a name that is not there': '{{ no.such.thing }}',
  'a function that is not there': '{{ lookup("file", "/etc/passwd") }}',
  'the constructor of things':
    "{{ ''.__class__.__mro__ }}{{ options.constructor.constructor('return process')() }}",
  'a template that includes itself': "{% include 'lib/common.j2' %}{% include 'lib/none.j2' %}",
  'an include from outside': "{% include '../../../../etc/passwd' %}",
  'half an expression': '{{ options.',
  'half a tag': '{% if true %}',
  'deep brackets': `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`,
  'deep ifs': `${'{% if true %}'.repeat(3000)}${'{% endif %}'.repeat(3000)}`,
  'a part of a secret': "{{ secret('web_key')[1:4] }}",
  'a secret of another name': "{{ secret('x}y\\n@{secret.web_key}') }}",
  'a secret asked for its length': "{{ secret('web_key') | length }}",
} as const;

const places: readonly [string, (text: string) => Edit][] = [
  ['config/global.conf', (text) => write('config/global.conf', `[DEFAULT]\na = ${text}\n`)],
  ['globals.yml', (text) => add('globals.yml', `own: ${JSON.stringify(text)}`)],
  [
    'catalog/web/service.yaml',
    (text) => replace('catalog/web/service.yaml', '"{{ options.region }}"', JSON.stringify(text)),
  ],
  ['catalog/lib/create.sql.j2', (text) => write('catalog/lib/create.sql.j2', text)],
];

/** Each in one of the places in turn: those that do not end take as long as the clock lets them. */
export const jinjaCases: readonly Case[] = Object.entries(jinja).flatMap(([name, text], index) =>
  places
    .filter((_, place) => place === index % places.length)
    .map(([path, edit]): Case => [`${path}: ${name}`, '*', edit(text)]),
);

const node = (pattern: string, rest = '') =>
  replace(
    'kollage.yaml',
    /"node-\[01:01\]":\n.*\n.*\n/,
    `${JSON.stringify(pattern)}:\n    roles: [everything]\n${rest}`,
  );
const service = 'catalog/web/service.yaml';

export const folderCases: readonly Case[] = [
  [
    'roles that are made of each other',
    'done',
    replace('kollage.yaml', 'everything: [', 'other: [everything]\n  everything: [other, '),
  ],
  ['a range of nodes that explodes', 'KLG-104', node('n[1:99999999999999]')],
  ['ranges of nodes that explode together', 'KLG-104', node('n[1:999][1:999][1:999][1:999]')],
  ['a range as wide as a file', 'KLG-102', node(`n[${'0'.repeat(500_000)}1:9999]`)],
  ['a range without end', '*', node('n[1:]')],
  [
    'many ranges',
    'KLG-104',
    write(
      'kollage.yaml',
      `name: a\ncatalog: ./catalog\nnodes:\n${lines(10_000, (n) => `  n${n}-[1:9999]: { roles: [controller] }`)}`,
    ),
  ],
  [
    'a range of addresses that explodes',
    'KLG-104',
    node('n[1:2]', '    address: "10.[1:255].[1:255].[1:255]"\n'),
  ],
  [
    'a range of addresses as wide as a file',
    'KLG-104',
    node('n[1:9999]', `    address: "[${'0'.repeat(300_000)}1:9999]"\n`),
  ],
  ['a node named by a shell', 'KLG-104', node('$(touch x); `id`')],
  ['two nodes on an engine of one host', 'KLG-210', node('n[1:2]')],
  ['more instances than can be counted', '*', replace('kollage.yaml', 'replicas: 1', 'replicas: 2147483647')],
  ['replicas that are no number', 'KLG-104', replace('kollage.yaml', 'replicas: 1', 'replicas: .inf')],
  [
    'memory that is no number any more',
    '*',
    replace('kollage.yaml', 'memory: 256M', `memory: "${'9'.repeat(400)}T"`),
  ],
  [
    'a catalog named very often',
    '*',
    replace('kollage.yaml', './catalog', `[${'./catalog, '.repeat(20_000)}]`),
  ],
  ['a catalog that is the whole disk', 'KLG-201', replace('kollage.yaml', './catalog', '/')],
  ['a catalog of devices', 'KLG-201', replace('kollage.yaml', './catalog', '/dev')],
  ['a catalog of processes', 'KLG-201', replace('kollage.yaml', './catalog', '/proc/self')],
  ['a catalog with a NUL in its name', '*', replace('kollage.yaml', './catalog', '"a\\0b"')],
  [
    'a catalog with a line break in its name',
    'KLG-201',
    replace('kollage.yaml', './catalog', '"a\\nb\\e[31m"'),
  ],
  [
    'an option refused by a pattern that backtracks',
    '*',
    replace(service, '"[a-z ,]+"', '"(a+)+"'),
    replace('kollage.yaml', '"hello, world"', redos),
  ],
  [
    'needs in a circle',
    'KLG-203',
    replace(service, 'needs: [{ endpoint: db/sql }, {', 'needs: [{ component: api }, {'),
  ],
  [
    'a component that needs itself',
    '*',
    replace(service, 'needs: [{ component: api }]', 'needs: [{ component: worker }]'),
  ],
  [
    'services that require each other',
    'done',
    replace('catalog/db/service.yaml', 'image: db', 'image: db\nrequires: [web]'),
  ],
  [
    'options whose defaults use each other',
    'KLG-206',
    replace(
      service,
      'default: "hello from {{ options.region }}", pattern: "[a-z ,]+"',
      'default: "{{ options.shouted }}"',
    ),
    replace('kollage.yaml', 'greeting: "hello, world"', ''),
  ],
  [
    'libraries that include each other',
    'KLG-207',
    write('catalog/lib/common.j2', "{% include 'lib/other.j2' %}"),
    write('catalog/lib/other.j2', "{% include 'lib/common.j2' %}"),
  ],
  [
    'libraries that import each other',
    'KLG-207',
    write(
      'catalog/lib/common.j2',
      "{% from 'lib/other.j2' import a %}{% macro section(a, b, c) %}{{ a() }}{% endmacro %}",
    ),
    write(
      'catalog/lib/other.j2',
      "{% from 'lib/common.j2' import section %}{% macro a() %}{{ section(1, 2, 3) }}{% endmacro %}",
    ),
  ],
  [
    'a library that extends itself',
    'KLG-206',
    write('catalog/lib/common.j2', "{% extends 'lib/common.j2' %}"),
  ],
  [
    'an image that objects have by themselves',
    '*',
    replace(service, 'image: web', 'image: constructor'),
    replace('catalog/images/all.yaml', 'web', 'constructor'),
  ],
  [
    'a service that objects have by themselves',
    '*',
    write(
      'catalog/constructor/service.yaml',
      'service: constructor\ntitle: x\nimage: web\nrequires: [db]\noptions:\n  constructor: { type: string, doc: x, default: x }\ncomponents: { constructor: { command: x } }\n',
    ),
    replace('kollage.yaml', 'db: true', 'constructor: true'),
  ],
  [
    'variables that are made of each other',
    'KLG-104',
    write('globals.yml', 'shop_region: "{{ a }}"\na: "{{ b }}"\nb: "{{ a }}"\n'),
  ],
  [
    'a variable that grows with each use',
    '*',
    write(
      'globals.yml',
      `v0: xxxxxxxxxx\n${lines(12, (n) => `v${n + 1}: "${`{{ v${n} }}`.repeat(20)}"`)}\nshop_region: "{{ v9 }}"\n`,
    ),
  ],
  [
    'a variable that grows in templates',
    '*',
    write('globals.yml', `v0: xxxxxxxxxx\n${lines(12, (n) => `v${n + 1}: "${`{{ v${n} }}`.repeat(20)}"`)}\n`),
  ],
  [
    '50,000 variables',
    'done',
    add(
      'globals.yml',
      lines(50_000, (n) => `enable_wbe${n}: "yes"`),
    ),
  ],
  [
    '20,000 variables that use others',
    'done',
    add('globals.yml', `v0: x\n${lines(20_000, (n) => `v${n + 1}: "{{ v${n} }}"`)}`),
  ],
  [
    'an override of 3 MiB',
    'done',
    write('config/global.conf', `[DEFAULT]\n${lines(100_000, (n) => `key_${n} = some value of it ${n}`)}\n`),
  ],
  [
    'an override of one line of 3 MiB',
    'done',
    write('config/global.conf', `[DEFAULT]\nkey = ${'x'.repeat(3 * 2 ** 20)}\n`),
  ],
  [
    'an override of 3 MiB with templates',
    '*',
    write('config/global.conf', `[DEFAULT]\n${lines(100_000, (n) => `key_${n} = {{ ${n} }}`)}\n`),
  ],
  ['an override that is no INI', 'KLG-208', write('config/global.conf', '[DEFAULT\n  x\n= y\nno key here\n')],
  [
    'an override of nothing but mistakes',
    'KLG-208',
    write(
      'config/global.conf',
      lines(100_000, () => '= x'),
    ),
  ],
  ['an override that is no YAML', 'KLG-208', write('config/web/policy.yaml', 'a: [1\nb: "')],
  ['an override that is no JSON', 'KLG-208', write('config/web/limits.json', '{"a": yes}')],
  ['an override named by a shell', 'done', write('config/$(touch x);`id` "\'.conf', 'x')],
  ['an override whose name breaks lines', 'done', write('config/a\nerror[KLG-902] b\u001B[31m.conf', 'x')],
  ['overrides 20 folders deep', 'KLG-107', write(`config/${'a/'.repeat(20)}b.conf`, 'x')],
  ['a folder of overrides that leads into itself', '*', { path: 'config/web/again', link: '..' }],
  ['a folder of overrides that leads out', 'KLG-106', { path: 'config/out', link: '../../..' }],
  ['overrides that are a file', 'KLG-108', { path: 'config', write: 'x' }],
  ['overrides that are a pipe', 'KLG-108', { path: 'config', make: 'pipe' }],
  [
    'secrets with odd characters',
    'done',
    write(
      'passwords.yml',
      'db_password: "zq7XK41wv\\n\\r\\t\\u0000\\"\\\\\'$(id)`;@{secret.web_key}{{ x }}{% %}%s\\u2028\\U0001044F"\nweb_key: "@{secret.web_key}"\nkollage_fingerprint_key: zq7XK41wv\n',
    ),
  ],
  [
    'secrets with odd names',
    'done',
    add(
      'passwords.yml',
      '"a b\\n": zq7XK41wv\n"@{secret.web_key}": zq7XK41wv\n"}": zq7XK41wv\nconstructor: zq7XK41wv\noptions: zq7XK41wv\nsecret: zq7XK41wv',
    ),
  ],
  ['secrets that are lists', 'KLG-104', add('passwords.yml', 'listed: [zq7XK41wv]')],
  ['secrets that are broken YAML', 'KLG-102', add('passwords.yml', 'broken: "zq7XK41wv\n  {zq7XK41wv: [')],
  [
    'secrets encrypted, and no key',
    'KLG-121',
    write('passwords.yml', '-----BEGIN AGE ENCRYPTED FILE-----\nzq7XK41wv\n'),
  ],
  [
    'everything in files of Windows',
    'done',
    ...['kollage.yaml', 'globals.yml', 'passwords.yml', 'config/global.conf', service].map(
      (path): Edit => ({ path, change: (text) => `\uFEFF${text.replaceAll('\n', '\r\n')}` }),
    ),
  ],
  ['a port that is no port', 'KLG-209', replace(service, 'port: 8080', 'port: "{{ 10 ** 9 }}"')],
  ['a port that is no number', 'KLG-209', replace(service, 'port: 8080', 'port: "{{ options }}"')],
  ['two ports alike', 'KLG-401', replace(service, 'port: 8080', 'port: 3306')],
  [
    'a command with a secret',
    'KLG-123',
    replace(service, '[web-manage, migrate]', `[web-manage, "{{ secret('web_key') }}"]`),
  ],
  [
    'a trait that is its own parameter',
    '*',
    replace(service, 'user: "{{ service }}"', 'user: "{{ with.user }}"'),
  ],
  [
    'a file that would be written elsewhere',
    'KLG-104',
    replace(service, 'banner: {', '"../../../banner": {'),
  ],
  ['a trait that is not there', 'KLG-209', replace(service, 'database: {', 'databse: {')],
  ['an engine that is not there', 'KLG-105', replace('kollage.yaml', 'type: docker', 'type: dokcer')],
];
