import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandRanges, isHostName } from './node-names.ts';

describe('ranges of names', () => {
  it.each<[string, string[] | string]>([
    ['localhost', ['localhost']],
    ['c[1:3]', ['c1', 'c2', 'c3']],
    ['c-[08:11]', ['c-08', 'c-09', 'c-10', 'c-11']],
    ['c[9:11]', ['c9', 'c10', 'c11']],
    ['c[0:1]', ['c0', 'c1']],
    ['r[1:2]-c[01:02].x', ['r1-c01.x', 'r1-c02.x', 'r2-c01.x', 'r2-c02.x']],
    ['c[3:3]', ['c3']],
    ['c[3:1]', 'the range [3:1] runs backwards'],
    ['c[1:10001]', 'c[1:10001] stands for more than 10000 names'],
    ['c[1:200]-[1:200]', 'c[1:200]-[1:200] stands for more than 10000 names'],
    ['c[1:99999999999999999999]', 'c[1:99999999999999999999] stands for more than 10000 names'],
    ['c[1-3]', ['c[1-3]']],
  ])('%s', (text, expected) => {
    expect(expandRanges(text)).toEqual(expected);
  });

  it('makes as many names as the ranges multiply to, each once, in order', () => {
    const range = fc.tuple(fc.nat(50), fc.nat(20), fc.nat(3)).map(([first, more, width]) => ({
      text: `[${String(first).padStart(width, '0')}:${first + more}]`,
      size: more + 1,
    }));
    const word = fc.stringMatching(/^[a-z-]{0,5}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(word, range), { minLength: 1, maxLength: 2 }), word, (parts, end) => {
        // Something that is no digit stands between the numbers, else two of them could run together.
        const text = parts.map(([before, { text: inner }]) => `${before}x${inner}`).join('') + end;
        const names = expandRanges(text);
        expect(names).toHaveLength(parts.reduce((product, [, { size }]) => product * size, 1));
        expect(new Set(names).size).toBe(names.length);
        const numbers = (name: string) => (name.match(/\d+/g) ?? []).map(Number);
        for (const [index, name] of [...names].entries()) {
          const before = index > 0 ? names[index - 1] : undefined;
          if (before !== undefined) expect(compare(numbers(before), numbers(name))).toBeLessThan(0);
        }
      }),
    );
  });

  it.each([
    ['a', true],
    ['Node-1.example.org', true],
    ['-a', false],
    ['a_b', false],
    ['a..b', false],
    ['', false],
    ['a'.repeat(64), false],
    ['c[1-3]', false],
  ])('whether %s can be a host', (text, expected) => {
    expect(isHostName(text)).toBe(expected);
  });
});

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
