import { join } from 'node:path';
import { Folder } from '../load/folder.ts';
import { Gather } from '../load/gather.ts';
import { parseWith } from '../load/schema/parse.ts';
import { readYaml } from '../load/yaml/read.ts';
import type { Located } from '../model/catalog.ts';
import type { Finding } from '../model/error.ts';
import { providedNames, type Recipe, recipe as recipeSchema } from '../model/recipe.ts';

/** A recipe, where its keys stand, and the folder that `source` of its files is relative to. */
export interface RecipeFile extends Located<Recipe> {
  readonly folder: string;
}

/** All recipes by image name; a later folder's recipe takes the place of an earlier one's. */
export type Recipes = ReadonlyMap<string, RecipeFile>;

/**
 * Reads every recipe (*.yaml) of some folders.
 * @throws KollageError KLG-102 to KLG-108 for files, KLG-209 for a parent that is not there, a name that two recipes provide
 */
export function readRecipes(folders: readonly string[]): Recipes {
  const gather = new Gather();
  const recipes = new Map<string, RecipeFile>();
  for (const path of folders) {
    const folder = Folder.open(path);
    for (const name of folder?.entries().files ?? []) {
      if (!name.endsWith('.yaml')) continue;
      const read = gather.try(() => {
        const file = folder?.read(name);
        return file ? parseWith(recipeSchema, readYaml(file.file, file.text)) : undefined;
      });
      if (read) recipes.set(read.value.image, { ...read, folder: join(path) });
    }
  }
  gather.done();
  gather.add(relations(recipes));
  gather.done();
  return recipes;
}

function relations(recipes: Recipes): Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const { value: recipe, at } of recipes.values()) {
    if (recipe.from !== undefined && !recipes.has(recipe.from)) {
      const message = `${recipe.image} is built on ${recipe.from}, of which there is no recipe`;
      findings.push({ code: 'KLG-209', severity: 'error', message, place: at(['from']) });
    } else if (circular(recipe, recipes)) {
      const message = `${recipe.image} is built on itself`;
      findings.push({ code: 'KLG-209', severity: 'error', message, place: at(['from']) });
    }
    for (const name of providedNames(recipe)) {
      const other = owners.get(name);
      if (other !== undefined) {
        const message = `${recipe.image} and ${other} both provide ${name}`;
        findings.push({ code: 'KLG-209', severity: 'error', message, place: at(['provides']) });
      }
      owners.set(name, recipe.image);
    }
  }
  return findings;
}

function circular(recipe: Recipe, recipes: Recipes): boolean {
  const seen = new Set<string>();
  let at: Recipe | undefined = recipe;
  while (at) {
    if (seen.has(at.image)) return true;
    seen.add(at.image);
    at = at.from === undefined ? undefined : recipes.get(at.from)?.value;
  }
  return false;
}
