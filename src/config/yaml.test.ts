import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { KollageError } from '../model/error.ts';
import { fillSecrets } from './fill.ts';
import { mergeJson } from './json.ts';
import { mergeYaml } from './yaml.ts';

const layers = (texts: readonly string[]) => texts.map((text, index) => ({ text, file: `${index}.yaml` }));
const merged = (...texts: string[]) => mergeYaml(layers(texts));
const place = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof KollageError)
      return [error.code, error.finding.place?.file, error.finding.place?.line];
    throw error;
  }
  return null;
};

describe('merging YAML', () => {
  test.each([
    [
      'maps deep, lists replaced',
      ['a: {b: 1, c: [1, 2]}\nd: 1\n', 'a:\n  c: [3]\n  e: 2\n'],
      'a: {b: 1, c: [3], e: 2}\nd: 1\n',
    ],
    ['another kind replaces', ['a:\n  b: 1\n', 'a: x\n'], 'a: x\n'],
    [
      'scalars as they were written',
      ['a: yes\nb: 0644\nc: 1.10\nd: "no"\ne: ~\nf:\ng: 2001-01-01\nh: 12:30\n'],
      'a: yes\nb: 0644\nc: 1.10\nd: "no"\ne: ~\nf:\ng: 2001-01-01\nh: 12:30\n',
    ],
    ['policies', ['"a:b": "role:x and @"\n', "'a:c': '!'\n"], `"a:b": "role:x and @"\n'a:c': '!'\n`],
    ['comments are no change', ['# x\n\na: 1 # y\n\n\n# z\nb: 2\n', '# only\n'], 'a: 1\nb: 2\n'],
    [
      'references are written out',
      ['a: &x {k: v}\nb: *x\nc:\n  <<: *x\n  l: w\n', 'b: {k: u}\n'],
      'a: {k: v}\nb: {k: u}\nc:\n  l: w\n  k: v\n',
    ],
    [
      'tags are for the reader',
      ['a: !!binary "?"\nb: !!set {x}\nc: !!omap [d: 1]\ne: !env HOME\n', '!!binary "k": 1\n'],
      'a: !!binary "?"\nb: !!set {x}\nc: !!omap [{d: 1}]\ne: !env HOME\n!!binary "k": 1\n',
    ],
    ['a list alone', ['- a\n- b: 1\n'], '- a\n- b: 1\n'],
    ['only the later one', ['', 'a: 1\n'], 'a: 1\n'],
    ['long lines are not broken', [`a: ${'word '.repeat(60)}end\n`], `a: ${'word '.repeat(60)}end\n`],
  ])('%s', (_, texts, expected) => {
    expect(merged(...texts)).toBe(expected);
  });

  test.each([
    ['a: @{secret.x}\n', 'a: "@{secret.x|json}"\n'],
    ['a: "p@{secret.x|json}q"\n', 'a: "p@{secret.x|json}q"\n'],
    ['a: @{secret.x|tojson}\n', 'a: "@{secret.x|json}"\n'],
    ['a: @{node.address}:80\n', 'a: "@{node.address}:80"\n'],
    ['a: |\n  u: @{secret.x|b64encode}\n  v\n', 'a: "u: @{secret.x|b64encode|json}\\nv\\n"\n'],
  ])('tokens: %j', (text, expected) => {
    expect(merged(text)).toBe(expected);
    expect(merged(expected)).toBe(expected);
  });

  test('any secret fits in', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed()),
        (value) => {
          const fill = (text: string) => fillSecrets(text, () => value);
          expect(parse(fill(merged('a: x@{secret.v}\nb: 1\n')))).toEqual({ a: `x${value}`, b: 1 });
          expect(JSON.parse(fill(mergeJson(layers(['{"a": "@{secret.v}"}']))))).toEqual({ a: value });
        },
      ),
    );
  });

  test.each([
    ['a: [1\n', ['KLG-208', '0.yaml', 2]],
    ['a: 1\na: 2\n', ['KLG-208', '0.yaml', 2]],
    ['a: *nope\n', ['KLG-208', '0.yaml', 1]],
    ['a: &a [*a]\n', ['KLG-208', '0.yaml', 1]],
    ['['.repeat(300), ['KLG-208', '0.yaml', 1]],
    [`${'['.repeat(900)}${']'.repeat(900)}`, ['KLG-208', '0.yaml', 1]],
    ['['.repeat(9000), ['KLG-208', '0.yaml', 1]],
    [
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
        .split('')
        .map((k, i) => `${k}: &${k} [${Array(9).fill(`*${'abcdefg'[i]}`).join(',')}]`)
        .join('\n')}\n`,
      ['KLG-208', '0.yaml', expect.any(Number)],
    ],
  ])('refused: %j', (text, expected) => {
    expect(place(() => merged(text))).toEqual(expected);
  });

  test('a list is not laid over a map', () => {
    expect(place(() => merged('a: 1\n', '\n- b\n'))).toEqual(['KLG-208', '1.yaml', 2]);
  });

  const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.constant(null));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.dictionary(
      fc.stringMatching(/^[a-z]{1,2}$/),
      fc.oneof({ maxDepth: 3 }, leaf, fc.array(leaf, { maxLength: 2 }), tie('tree')),
      { maxKeys: 3 },
    ),
  }));

  test('laws: associative, empty changes nothing, printing is stable', () => {
    fc.assert(
      fc.property(tree, tree, tree, (...trees) => {
        const [a, b, c] = trees.map((one) => stringify(one));
        if (a === undefined || b === undefined || c === undefined) return;
        expect(parse(merged(a, b, c))).toEqual(parse(merged(merged(a, b), c)));
        expect(parse(merged(a, merged(b, c)))).toEqual(parse(merged(a, b, c)));
        expect(parse(merged(a))).toEqual(parse(a));
        expect(merged(merged(a))).toBe(merged(a));
        expect(merged(a, '')).toBe(merged(a));
      }),
    );
  });
});

describe('merging JSON', () => {
  test('numbers stay as they were written, keys in order', () => {
    expect(
      mergeJson(
        layers(['{"b": 1.0, "a": {"x": 12345678901234567890, "y": []}}', '{"a": {"x": -1e3, "z": {}}}']),
      ),
    ).toBe('{\n  "b": 1.0,\n  "a": {\n    "x": -1e3,\n    "y": [],\n    "z": {}\n  }\n}\n');
  });

  test.each([['{"a": x}'], ['{"a": True}'], ['{"a": 1'], ['{"a": 01}']])('%s is refused', (text) => {
    expect(place(() => mergeJson(layers([text])))).toEqual(['KLG-208', '0.yaml', 1]);
  });

  test('reads as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(mergeJson(layers([JSON.stringify({ value })])))).toEqual(
          JSON.parse(JSON.stringify({ value })),
        );
      }),
    );
  });
});
