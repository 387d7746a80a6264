import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { folderWith } from '../../test/support/folders.ts';
import { KollageError } from '../model/error.ts';
import { choose, releasesOf } from './choose.ts';
import { readRecipes } from './recipes.ts';
import { uploadsOf } from './uploads.ts';

const root = resolve(import.meta.dirname, '../..');

function findings(files: Readonly<Record<string, string>>): string[] {
  try {
    readRecipes([folderWith(files)]);
    return [];
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    return [error.finding, ...error.also].map(({ code, message }) => `${code} ${message}`);
  }
}

const base = 'image: base\nabout: x\nbootstrap: { "1": { suite: one } }\n';

test("Kollage's own recipes are right, for each release, down to the files that they name", async () => {
  const recipes = readRecipes([join(root, 'catalog/openstack/images')]);
  for (const release of releasesOf(recipes)) {
    const images = choose(recipes, release, []);
    expect(images.length).toBeGreaterThan(15);
    for (const image of images) await uploadsOf(image, join(root, 'images'));
  }
});

test.each([
  ['a parent that is not there', { 'a.yaml': 'image: a\nabout: x\nfrom: nothing\n' }, /no recipe/],
  ['itself as parent', { 'a.yaml': 'image: a\nabout: x\nfrom: a\n' }, /built on itself/],
  [
    'two that provide one name',
    { 'base.yaml': base, 'a.yaml': 'image: a\nabout: x\nfrom: base\nprovides: [base]\n' },
    /both provide base/,
  ],
  ['an unknown key', { 'base.yaml': `${base}pakages: [a]\n` }, /pakages/],
  ['no origin', { 'a.yaml': 'image: a\nabout: x\n' }, /either from or bootstrap/],
])('a mistake is told: %s', (_, files, message) => {
  expect(findings(files)).toEqual([expect.stringMatching(message)]);
});

test('a later folder takes the place of an earlier one', () => {
  const later = base.replace('about: x', 'about: y');
  const recipes = readRecipes([folderWith({ 'base.yaml': base }), folderWith({ 'base.yaml': later })]);
  expect(recipes.get('base')?.value.about).toBe('y');
});
