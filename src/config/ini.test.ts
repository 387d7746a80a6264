import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KollageError } from '../model/error.ts';
import { type Ini, mergeIni, parseIni, printIni } from './ini.ts';

const read = (text: string) => parseIni(text, 'a.conf');
const plain = (ini: Ini) =>
  Object.fromEntries([...ini].map(([name, keys]) => [name, Object.fromEntries(keys)]));

describe('reading, by the rules of oslo.config', () => {
  test.each([
    ['', {}],
    ['[a]\nk = v\n', { a: { k: [['v']] } }],
    ['[a]\nk: v\nu = http://h:1/?a=b#c\n', { a: { k: [['v']], u: [['http://h:1/?a=b#c']] } }],
    ['k=v', { '': { k: [['v']] } }],
    ['\ufeff[a]\r\nk = v\r\n', { a: { k: [['v']] } }],
    ['[a]\nk = 1\nk = 2\nl = x\nk = 3', { a: { k: [['1'], ['2'], ['3']], l: [['x']] } }],
    ['[a]\nk = 1\n[b]\nx = y\n[a]\nk = 2', { a: { k: [['1'], ['2']] }, b: { x: [['y']] } }],
    ['[a]\nk = 1\n    2\n\t# 3\n\nl = 4', { a: { k: [['1', '2', '# 3']], l: [['4']] } }],
    ['[a]\nk =\n  1\n  2', { a: { k: [['', '1', '2']] } }],
    ['# note\n; note\n[a]\n#k = 1\nk =', { a: { k: [['']] } }],
    ['[mysqld]\nskip-name-resolve\n', { mysqld: { 'skip-name-resolve': [[]] } }],
    [
      '[a]\nq = "x y"\np = %(z)s $z 50% ; no note',
      { a: { q: [['"x y"']], p: [['%(z)s $z 50% ; no note']] } },
    ],
    [
      '[composite:main]\nuse = egg:Paste#urlmap\n/: root',
      { 'composite:main': { use: [['egg:Paste#urlmap']], '/': [['root']] } },
    ],
    ['[a]\n\n[b]\n', { a: {}, b: {} }],
  ])('%j', (text, expected) => {
    expect(plain(read(text))).toEqual(expected);
  });

  test('every mistake is named with its line', () => {
    const error = (() => {
      try {
        read('  x\n[a\n[]\nthis is no ini\n= v\nk = v\n\n  late');
      } catch (caught) {
        if (caught instanceof KollageError) return caught;
      }
      throw new Error('it was read');
    })();
    const lines = [error.finding, ...error.also].map(({ code, place }) => [code, place?.file, place?.line]);
    expect(lines).toEqual([1, 2, 3, 4, 5, 8].map((line) => ['KLG-208', 'a.conf', line]));
  });
});

describe('merging, by the rules of kolla-ansible', () => {
  const merged = (...texts: string[]) => printIni(mergeIni(texts.map(read)));
  test.each([
    [
      'a key replaces all values of before',
      ['[a]\nk = 1\nk = 2\nl = 3', '[a]\nk = 4'],
      '[a]\nk = 4\nl = 3\n',
    ],
    ['a key given twice in the later file', ['[a]\nk = 1', '[a]\nk = 2\nk = 3'], '[a]\nk = 2\nk = 3\n'],
    [
      'order stays, news go behind',
      ['[b]\nx = 1\n[a]\ny = 1', '[c]\nz = 1\n[b]\nw = 1'],
      '[b]\nx = 1\nw = 1\n\n[a]\ny = 1\n\n[c]\nz = 1\n',
    ],
    ['no section goes first', ['[a]\nk = 1', 'k = 2'], 'k = 2\n\n[a]\nk = 1\n'],
    ['an empty value', ['[a]\nk = 1', '[a]\nk ='], '[a]\nk =\n'],
    ['a value of lines', ['[a]\nlong = 1\n  2', '[b]'], '[a]\nlong = 1\n       2\n\n[b]\n'],
    ['comments and white space are no change', ['# x\n[a]\n\n\nk   =   1', ''], '[a]\nk = 1\n'],
  ])('%s', (_, texts, expected) => {
    expect(merged(...texts)).toBe(expected);
  });
});

describe('laws', () => {
  const key = fc.stringMatching(/^[a-z][a-z_/.-]{0,3}$/);
  const line = fc.stringMatching(/^[!-~]([ -~]{0,6}[!-~])?$/);
  const value = fc.oneof(
    fc.constant([]),
    fc.tuple(fc.oneof(fc.constant(''), line)),
    fc.tuple(line, line),
    fc.tuple(fc.constant(''), line, line),
  );
  const keys = fc.uniqueArray(fc.tuple(key, fc.array(value, { minLength: 1, maxLength: 3 })), {
    selector: ([name]) => name,
    maxLength: 4,
  });
  const name = fc.oneof(fc.constant(''), fc.stringMatching(/^[a-zA-Z:@ ]{1,4}$/));
  const ini: fc.Arbitrary<Ini> = fc
    .uniqueArray(fc.tuple(name, keys), { selector: ([section]) => section, maxLength: 4 })
    .map(
      (sections) =>
        new Map(
          sections
            .filter(([section, all]) => section !== '' || all.length > 0)
            .sort(([a], [b]) => Number(b === '') - Number(a === ''))
            .map(([section, all]) => [section, new Map(all)]),
        ),
    );

  test('what is printed reads as it was', () => {
    fc.assert(
      fc.property(ini, (one) => {
        // In order too, which Maps do not compare.
        const again = read(printIni(one));
        expect(again).toEqual(one);
        expect(printIni(again)).toBe(printIni(one));
      }),
    );
  });

  test('merging is associative', () => {
    fc.assert(
      fc.property(ini, ini, ini, (a, b, c) => {
        expect(printIni(mergeIni([mergeIni([a, b]), c]))).toBe(printIni(mergeIni([a, mergeIni([b, c])])));
        expect(printIni(mergeIni([a, b, c]))).toBe(printIni(mergeIni([mergeIni([a, b]), c])));
      }),
    );
  });

  test('an empty file changes nothing, nor does the same file again', () => {
    fc.assert(
      fc.property(ini, (one) => {
        for (const files of [
          [one, new Map()],
          [new Map(), one],
          [one, one],
        ])
          expect(printIni(mergeIni(files))).toBe(printIni(one));
      }),
    );
  });

  test('any text is read or refused with KLG-208', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '=', ':', ' ', '\n', '\r', '#', 'a', '\t', 'é') }),
        (text) => {
          try {
            const one = read(text);
            expect(read(printIni(one))).toEqual(one);
          } catch (error) {
            expect(error).toMatchObject({ code: 'KLG-208' });
          }
        },
      ),
    );
  });
});
