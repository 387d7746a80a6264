import { expect, test } from 'vitest';
import { recipe } from '../model/recipe.ts';
import type { Chosen } from './choose.ts';
import { fingerprint } from './fingerprint.ts';

function image(changes: object = {}): Chosen {
  const value = recipe.parse({ image: 'a', about: 'one', from: 'base', packages: ['xx'], ...changes });
  return { image: 'a', recipe: value, folder: '/', parent: undefined };
}
const file = { path: '/f', content: 'text' };
const print = fingerprint(image(), 'below', [file], { x: '1', y: '2' });

test('what an image holds decides its fingerprint, and nothing else', () => {
  expect(fingerprint(image(), 'below', [file], { y: '2', x: '1' })).toBe(print);
  expect(
    fingerprint(image({ about: 'another', privileges: 'said better' }), 'below', [file], { x: '1', y: '2' }),
  ).toBe(print);
});

test.each([
  ['the recipe', fingerprint(image({ run: ['true'] }), 'below', [file], { x: '1', y: '2' })],
  ['the image below', fingerprint(image(), 'other', [file], { x: '1', y: '2' })],
  ['a file', fingerprint(image(), 'below', [{ ...file, content: 'other' }], { x: '1', y: '2' })],
  ['a mode', fingerprint(image(), 'below', [{ ...file, mode: 0o755 }], { x: '1', y: '2' })],
  ['a version', fingerprint(image(), 'below', [file], { x: '1', y: '3' })],
])('%s changes it', (_, changed) => {
  expect(changed).not.toBe(print);
});
