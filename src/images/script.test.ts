import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { choose, suiteOf } from './choose.ts';
import { readRecipes } from './recipes.ts';
import { installScript } from './script.ts';

const recipes = readRecipes([join(resolve(import.meta.dirname, '../..'), 'catalog/openstack/images')]);

function lines(name: string): string[] {
  const image = choose(recipes, '2025.1', [name]).find((one) => one.image === name);
  if (!image) throw new Error(name);
  return installScript(image, '2025.1', suiteOf(recipes, '2025.1')).split('\n');
}

test('tools are there while the lines of `run` run, and then no more', () => {
  const script = lines('placement');
  const at = (pattern: RegExp) => script.findIndex((line) => pattern.test(line));
  const [install, run, purge] = [
    at(/install .* mariadb-server-core/),
    at(/^\/usr\/share\/kollage\/dump/),
    at(/purge/),
  ];
  expect([install, run, purge]).not.toContain(-1);
  expect([install, run, purge].toSorted((a, b) => a - b)).toEqual([install, run, purge]);
});

test('nothing is purged where no tools are asked for', () => {
  expect(lines('memcached').join('\n')).not.toContain('purge');
});
