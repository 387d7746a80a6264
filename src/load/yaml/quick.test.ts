import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { KollageError } from '../../model/error.ts';
import { readWithLibrary } from './library.ts';
import { Source, toValue, type YamlNode } from './node.ts';
import { readQuick } from './quick.ts';

const plain = `# a comment
---
service: nova   # the name
empty:
numbers: [1, -2.5, 0x1f, "3", 1e3]
version: 2025.10
list:
- a
- b: c
  d: 'it''s'
-
  - nested
  - - twice
deep:
  map: {a: b, "c d": [x, {y: z}], url: http://host:80/v3}
  over-lines: {
    a: b,
    c: [
      d,
    ],
  }
literal: |
  one

    two
  three
stripped: >-
  folded
  text

  with a break
plain text: goes on
  over two lines
quoted: "a \\"b\\" \\\\ \\n"
template: "{{ options.port }}"
named: &name
  a: [1]
again: *name
other: &other [x, *name]
more:
- *other
- &scalar text
- *scalar
last: yes
`;

/** What the library makes of a text; undefined for a mistake, or for an oddity that it would warn of. */
function byLibrary(source: Source): YamlNode | null | undefined {
  let odd = false;
  try {
    const node = readWithLibrary(source, '1.2', () => {
      odd = true;
    });
    return odd ? undefined : node;
  } catch (error) {
    if (error instanceof KollageError) return undefined;
    throw error;
  }
}

describe('the quick reader', () => {
  it('reads what people write, as the library does', () => {
    const source = new Source('plain.yaml', plain);
    const quick = readQuick(source, '1.2');
    expect(quick).toEqual(readWithLibrary(source, '1.2', () => undefined));
    expect(quick && toValue(quick)).toMatchObject({
      empty: null,
      version: 2025.1,
      list: ['a', { b: 'c', d: "it's" }, ['nested', ['twice']]],
      literal: 'one\n\n  two\nthree\n',
      stripped: 'folded text\nwith a break',
      'plain text': 'goes on over two lines',
      quoted: 'a "b" \\ \n',
    });
  });

  it.each([
    ['an anchor of a key', '- &x a: 1'],
    ['an anchor of nothing', 'a: &x\nb: *x'],
    ['an alias of nothing', 'a: *x'],
    ['an alias of what is around', 'a: &x [*x]'],
    ['a tag', 'a: !!str 1'],
    ['a key that stands twice', 'a: 1\na: 2'],
    ['a tab', 'a:\tb'],
    ['a second document', 'a: 1\n---\nb: 2'],
    ['a colon in a plain text', 'a: b: c'],
    ['a wrong indentation', 'a:\n   b: 1\n  c: 2'],
    ['a bracket that is not closed', 'a: [1, 2'],
    ['a quote that is not closed', 'a: "b'],
    ['a key without a colon', 'a: 1\nb'],
    ['a map as a key', '{a: b}: c'],
    ['a template without quotes', 'a: {{ b }}'],
    ['__proto__', '__proto__: {}'],
    ['a merge', '<<: {a: 1}'],
    ['a list that is nested too deeply', `a: ${'['.repeat(100)}${']'.repeat(100)}`],
    ['nothing', '# only a comment\n'],
  ])('leaves %s to the library', (_, text) => {
    expect(readQuick(new Source('x.yaml', text), '1.2')).toBeUndefined();
  });

  it('gives what the library gives, for data written in any style', () => {
    const data = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 });
    const style = fc.record({
      collectionStyle: fc.constantFrom<'any' | 'block' | 'flow'>('any', 'block', 'flow'),
      indent: fc.integer({ min: 1, max: 4 }),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 30, 80),
      singleQuote: fc.constantFrom(null, true, false),
    });
    fc.assert(
      fc.property(data, style, (value, options) => sameAsLibrary(stringify(value, options))),
      { numRuns: 300 },
    );
  });

  it('gives what the library gives or nothing, for texts that were damaged', () => {
    const piece = fc.constantFrom(
      ...[
        '\n',
        ' ',
        '  ',
        ': ',
        ':',
        '- ',
        '-',
        '#',
        ' #',
        '[',
        ']',
        '{',
        '}',
        ',',
        '"',
        "'",
        '|',
        '>',
        '|-\n',
        '? ',
        '&a ',
      ],
      ...[
        '*a',
        '!t ',
        '%',
        '@',
        '`',
        '\\',
        '---\n',
        '...\n',
        '\n\n',
        '\n  ',
        'a',
        'é',
        '\u00a0',
        '\u2028',
        '~',
        '=',
        '<<: ',
      ],
    );
    const change = fc.record({
      at: fc.nat({ max: plain.length }),
      drop: fc.nat({ max: 6 }),
      put: fc.array(piece, { maxLength: 3 }),
    });
    const property = fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let text = plain;
      for (const { at, drop, put } of changes)
        text = text.slice(0, at) + put.join('') + text.slice(at + drop);
      sameAsLibrary(text);
    });
    fc.assert(property, { numRuns: 1500 });
  });
});

function sameAsLibrary(text: string): void {
  const source = new Source('any.yaml', text);
  const quick = readQuick(source, '1.2');
  if (quick) expect(quick).toEqual(byLibrary(source));
}
