import { expect, test } from 'vitest';
import { type Recipe, recipe } from '../model/recipe.ts';
import { chain, choose, releasesOf } from './choose.ts';
import type { Recipes } from './recipes.ts';

function recipes(...values: readonly object[]): Recipes {
  const parsed = values.map((value): Recipe => recipe.parse({ about: '', ...value }));
  return new Map(
    parsed.map((value) => [value.image, { value, at: () => ({ file: 'x.yaml' }), folder: '/recipes' }]),
  );
}

const some = recipes(
  { image: 'base', bootstrap: { '1': { suite: 'old' }, '2': { suite: 'new' } } },
  {
    image: 'nova',
    from: 'base',
    provides: ['nova-api', 'nova-compute'],
    packages: ['nova', 'six'],
    releases: { '2': { packages: ['nova-extra'], without: ['six'] } },
  },
  { image: 'late', from: 'base', only: ['2'] },
);

test('an image is chosen by its own name or a provided one, its parents before it', () => {
  expect(choose(some, '1', ['nova-compute']).map(({ image }) => image)).toEqual(['base', 'nova']);
  expect(choose(some, '1', ['nova', 'nova-api']).map(({ image }) => image)).toEqual(['base', 'nova']);
});

test('no names mean all images of the release', () => {
  expect(choose(some, '1', []).map(({ image }) => image)).toEqual(['base', 'nova']);
  expect(choose(some, '2', []).map(({ image }) => image)).toEqual(['base', 'nova', 'late']);
});

test('the differences of a release are put in', () => {
  const packages = (release: string) => choose(some, release, ['nova']).at(-1)?.recipe.packages;
  expect(packages('1')).toEqual(['nova', 'six']);
  expect(packages('2')).toEqual(['nova', 'nova-extra']);
});

test('a chain goes from the first image to the one asked for', () => {
  const [, nova] = choose(some, '1', ['nova']);
  expect(nova && chain(nova).map(({ image }) => image)).toEqual(['base', 'nova']);
});

test('unknown names and releases are told with what there is', () => {
  expect(releasesOf(some)).toEqual(['1', '2']);
  expect(() => choose(some, '3', [])).toThrow(expect.objectContaining({ code: 'KLG-307' }));
  expect(() => choose(some, '1', ['nova-apy'])).toThrow(/did you mean nova-api/);
  expect(() => choose(some, '1', ['late'])).toThrow(expect.objectContaining({ code: 'KLG-306' }));
});
