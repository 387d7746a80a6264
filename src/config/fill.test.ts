import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { onBothSides, secretsIn } from '../model/token.ts';
import { fillSecrets } from './fill.ts';

const values = (name: string) => ({ x: `a/b:c "d" 'e' $f é`, plain: 'abc' })[name];

describe('secrets are filled in', () => {
  test.each([
    ['p=@{secret.plain};', 'p=abc;'],
    ['@{secret.x}', `a/b:c "d" 'e' $f é`],
    ['@{secret.x|urlencode}', 'a%2Fb%3Ac%20%22d%22%20%27e%27%20%24f%20%C3%A9'],
    ['@{secret.plain|b64encode}', 'YWJj'],
    ['"@{secret.x|json}"', `"a/b:c \\"d\\" 'e' $f é"`],
    ['@{secret.x|tojson}', `"a/b:c \\"d\\" 'e' $f é"`],
    ['@{secret.plain|b64encode|urlencode}', 'YWJj'],
    ['@{secret.plain:former|b64encode}', 'YWJj'],
    ['@{node.address} @{output.a/b:k}', '@{node.address} @{output.a/b:k}'],
  ])('%s', (text, expected) => {
    expect(fillSecrets(text, values)).toBe(expected);
  });

  test('in a change the former value is that of the other side, and of now where that has none', () => {
    const other = (name: string) => ({ plain: 'before' })[name];
    const text = '@{secret.plain} @{secret.plain:former} @{secret.x:former|b64encode}';
    const x = Buffer.from(values('x') ?? '').toString('base64');
    expect(fillSecrets(text, onBothSides(values, other))).toBe(`abc before ${x}`);
    expect(fillSecrets('@{secret.plain} @{secret.plain:former}', onBothSides(other, values))).toBe(
      'before abc',
    );
    expect(secretsIn(text)).toEqual(['plain', 'x']);
  });

  test('a missing one, and a filter that is none, are errors without values', () => {
    expect(() => fillSecrets('@{secret.nope}', values)).toThrow(
      expect.objectContaining({ code: 'KLG-120', message: expect.stringContaining('nope') }),
    );
    expect(() => fillSecrets('@{secret.plain|rot13}', values)).toThrow(
      expect.objectContaining({ code: 'KLG-123', message: expect.not.stringContaining('abc') }),
    );
  });
});

describe('each filter is undone by what reads it', () => {
  const fill = (filter: string, value: string) => fillSecrets(`@{secret.v|${filter}}`, () => value);
  const text = fc.string({ unit: 'grapheme' }).filter((value) => value.isWellFormed());

  test('urlencode, b64encode, json, tojson', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(decodeURIComponent(fill('urlencode', value))).toBe(value);
        expect(fill('urlencode', value)).toMatch(/^[\w.~%-]*$/);
        expect(Buffer.from(fill('b64encode', value), 'base64').toString()).toBe(value);
        expect(JSON.parse(`"${fill('json', value)}"`)).toBe(value);
        expect(JSON.parse(fill('tojson', value))).toBe(value);
      }),
    );
  });

  test('quote, by a real shell', () => {
    for (const value of ['', 'plain', `a 'b' "c" $d \`e\` \\ * ; & | ~ #`, 'two\nlines']) {
      expect(execFileSync('sh', ['-c', `printf %s ${fill('quote', value)}`]).toString()).toBe(value);
    }
  });
});
