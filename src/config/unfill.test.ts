import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillSecrets, secretFilters } from './fill.ts';
import { unfillSecrets } from './unfill.ts';

const secret = fc.string({ minLength: 1, maxLength: 12 });
const filter = fc.constantFrom('', ...Object.keys(secretFilters).map((name) => `|${name}`));

test('a text that was filled holds no value any more, and equal texts stay equal', () => {
  fc.assert(
    fc.property(secret, secret, filter, filter, (one, two, first, second) => {
      const values = new Map([
        ['one', one],
        ['two', two],
      ]);
      const text = `<@{secret.one${first}}> <@{secret.two${second}}>`;
      const filled = fillSecrets(text, (name) => values.get(name));
      const parts = unfillSecrets(values.keys(), (name) => values.get(name))(filled)
        .replace(/@\{secret\.(one|two)(\|\w+)?\}/g, '')
        .split('');
      expect(parts.join('')).toMatch(/^[<> ]*$/);
    }),
  );
});

test('of a value of several lines no line is left', () => {
  const key = '-----BEGIN KEY-----\nAAAAABBBBB\nCCCCCDDDDD\n-----END KEY-----\n';
  const unfill = unfillSecrets(['key'], () => key);
  expect(unfill(`a\n${key}b\n`)).toBe('a\n@{secret.key}b\n');
  expect(unfill('AAAAABBBBB\nother\n')).toBe('@{secret.key}\nother\n');
});

test('the longest value goes first, and an empty one is none', () => {
  const values = new Map([
    ['short', 'pass'],
    ['long', 'password'],
    ['none', ''],
  ]);
  const unfill = unfillSecrets(values.keys(), (name) => values.get(name));
  expect(unfill('password pass')).toBe('@{secret.long} @{secret.short}');
});
