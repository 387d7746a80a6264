import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainPaint } from './testing.ts';
import { cut, cutStart, harmless, paintLine, seconds, span, widthOf, wrap } from './text.ts';

test('nothing that a log holds can move the cursor or change the terminal', () => {
  expect(harmless('\u001B[31mred\u001B[0m \u001B]0;title\u0007a\tb\rc\u0008\u202Ed')).toBe('red a  bcd');
  fc.assert(
    fc.property(fc.string({ unit: fc.nat(0x2100).map((code) => String.fromCodePoint(code)) }), (text) => {
      expect(harmless(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
    }),
  );
});

test.each([
  ['abc', 3],
  ['日本', 4],
  ['e\u0301', 1],
  ['✓ ok', 4],
])('the width of %s is %d', (text, width) => {
  expect(widthOf(text)).toBe(width);
});

test('what is cut fits, and says that something is missing', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cutStart('abcdef', 4)).toBe('…def');
  expect(cut('abcd', 4)).toBe('abcd');
  expect(cut('日本語', 4)).toBe('日…');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, columns) => {
      expect(widthOf(cut(text, columns))).toBeLessThanOrEqual(columns);
    }),
  );
});

test('a line ends where the columns end, whatever its spans', () => {
  const line = [span('abc', 'bold'), span('def', 'bad'), span('ghi')];
  expect(paintLine(line, 5, plainPaint)).toBe('abcd…');
  expect(paintLine(line, 9, plainPaint)).toBe('abcdefghi');
  expect(paintLine(line, 6, plainPaint)).toBe('abcdef');
});

test('words are wrapped between them', () => {
  expect(wrap(['aaa', 'bbb', 'ccc'], ' -> ', 12)).toEqual(['aaa -> bbb ->', 'ccc']);
  expect(wrap(['a'.repeat(30), 'b'], ', ', 10)).toEqual([`${'a'.repeat(30)},`, 'b']);
});

test.each([
  [0, '0.0 s'],
  [1249, '1.2 s'],
  [-5, '0.0 s'],
  [63_187, '63.2 s'],
])('%d milliseconds are %s', (milliseconds, text) => {
  expect(seconds(milliseconds)).toBe(text);
});
