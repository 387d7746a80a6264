import { KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import { providedNames, type Recipe, type Suite } from '../model/recipe.ts';
import type { RecipeFile, Recipes } from './recipes.ts';

/** A recipe as it stands for one release, and what it is built on. */
export interface Chosen {
  readonly image: string;
  readonly recipe: Recipe;
  /** What `source` of its files is relative to. */
  readonly folder: string;
  readonly parent: Chosen | undefined;
}

/** Every release that some recipe has a Debian suite for, sorted. */
export function releasesOf(recipes: Recipes): string[] {
  return [...recipes.values()].flatMap(({ value }) => Object.keys(value.bootstrap ?? {})).sort();
}

/** The Debian suite that a release is made from. @throws KollageError KLG-307 */
export function suiteOf(recipes: Recipes, release: string): Suite {
  for (const { value } of recipes.values()) {
    const suite = value.bootstrap?.[release];
    if (suite) return suite;
  }
  throw new KollageError({
    code: 'KLG-307',
    message: `No image is built for release ${release}`,
    next: `Use one of: ${releasesOf(recipes).join(', ')}.`,
  });
}

/**
 * The images to build for some names (recipes' own or provided ones; none means all), with those they are built on,
 * parents first, and with the differences of the release put in.
 * @throws KollageError KLG-306 for a name that no recipe of this release has
 */
export function choose(recipes: Recipes, release: string, names: readonly string[]): Chosen[] {
  suiteOf(recipes, release);
  const here = [...recipes.values()].filter(
    ({ value }) => value.only.length === 0 || value.only.includes(release),
  );
  const wanted = names.length === 0 ? here : names.map((name) => find(here, release, name));
  const chosen = new Map<string, Chosen>();
  const take = ({ value, folder }: RecipeFile): Chosen => {
    const known = chosen.get(value.image);
    if (known) return known;
    const from = value.from === undefined ? undefined : recipes.get(value.from);
    const parent = from && take(from);
    const made: Chosen = { image: value.image, recipe: forRelease(value, release), folder, parent };
    chosen.set(value.image, made);
    return made;
  };
  wanted.forEach(take);
  return [...chosen.values()];
}

/** The images from the first one up to this one. */
export function chain(image: Chosen): Chosen[] {
  return image.parent ? [...chain(image.parent), image] : [image];
}

/** A recipe with the differences of one release put in. */
export function forRelease(recipe: Recipe, release: string): Recipe {
  const difference = recipe.releases[release];
  if (!difference) return { ...recipe, releases: {} };
  const without = new Set(difference.without);
  return {
    ...recipe,
    packages: [...recipe.packages, ...difference.packages].filter((name) => !without.has(name)),
    unpack: [...recipe.unpack, ...difference.unpack].filter((name) => !without.has(name)),
    tools: [...recipe.tools, ...difference.tools].filter((name) => !without.has(name)),
    drop: [...recipe.drop, ...difference.drop],
    keep: [...recipe.keep, ...difference.keep],
    files: [...recipe.files, ...difference.files],
    run: [...recipe.run, ...difference.run],
    remove: [...recipe.remove, ...difference.remove],
    releases: {},
  };
}

function find(here: readonly RecipeFile[], release: string, name: string): RecipeFile {
  const found = here.find(({ value }) => value.image === name || providedNames(value).includes(name));
  if (found) return found;
  const known = here.flatMap(({ value }) => [value.image, ...providedNames(value)]);
  throw new KollageError({
    code: 'KLG-306',
    message: `No recipe makes an image ${name} for release ${release}${suggestion(name, known)}`,
    next: `Use one of: ${here.map(({ value }) => value.image).join(', ')}.`,
  });
}
