import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { type Finding, KollageError, type Place } from '../model/error.ts';
import { providedNames, type Recipe, recipe as recipeSchema } from '../model/recipe.ts';

/** A folder's recipes, by image name. */
export interface Recipes {
  /** Where the recipes are, and the files they name with `source`. */
  readonly folder: string;
  readonly byImage: ReadonlyMap<string, Recipe>;
}

/**
 * Reads every recipe (*.yaml) of a folder.
 * @throws KollageError KLG-209 with the place of each mistake: schema, a parent that is not there, a name that two recipes provide.
 */
export async function readRecipes(folder: string): Promise<Recipes> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const findings: Finding[] = [];
  const byImage = new Map<string, Recipe>();
  files.forEach((name, index) => {
    const read = parseRecipe(join(folder, name), texts[index] ?? '');
    if ('recipe' in read) byImage.set(read.recipe.image, read.recipe);
    else findings.push(...read.findings);
  });
  findings.push(...relations(folder, byImage));
  const [first, ...also] = findings;
  if (first) throw new KollageError(first, { also });
  return { folder, byImage };
}

/** One recipe from its text; `file` is what messages name. */
export function parseRecipe(
  file: string,
  text: string,
): { readonly recipe: Recipe } | { readonly findings: readonly Finding[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const syntax = document.errors[0];
  if (syntax) {
    return { findings: [mistake(syntax.message.split('\n')[0] ?? 'not valid YAML', place(syntax.pos[0]))] };
  }
  const parsed = recipeSchema.safeParse(document.toJS());
  if (parsed.success) return { recipe: parsed.data };
  return {
    findings: parsed.error.issues.map((issue) => {
      const node = document.getIn(issue.path, true);
      const offset = hasRange(node) ? node.range[0] : 0;
      return mistake(`${issue.path.join('.') || 'the recipe'}: ${issue.message}`, place(offset));
    }),
  };
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function relations(folder: string, byImage: ReadonlyMap<string, Recipe>): Finding[] {
  const owners = new Map<string, string>();
  const findings: Finding[] = [];
  for (const recipe of byImage.values()) {
    const place = { file: join(folder, `${recipe.image}.yaml`) };
    if (recipe.from !== undefined && !byImage.has(recipe.from)) {
      findings.push(
        mistake(`${recipe.image} is built from ${recipe.from}, of which there is no recipe`, place),
      );
    } else if (circular(recipe, byImage)) {
      findings.push(mistake(`${recipe.image} is built from itself`, place));
    }
    for (const name of providedNames(recipe)) {
      const other = owners.get(name);
      if (other) findings.push(mistake(`${recipe.image} and ${other} both provide ${name}`, place));
      owners.set(name, recipe.image);
    }
  }
  return findings;
}

function circular(recipe: Recipe, byImage: ReadonlyMap<string, Recipe>): boolean {
  const seen = new Set<string>();
  for (
    let at: Recipe | undefined = recipe;
    at;
    at = at.from === undefined ? undefined : byImage.get(at.from)
  ) {
    if (seen.has(at.image)) return true;
    seen.add(at.image);
  }
  return false;
}

function mistake(message: string, place: Place): Finding {
  return { code: 'KLG-209', severity: 'error', message, place };
}
