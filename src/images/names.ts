import type Docker from 'dockerode';
import { providedNames, type Recipe } from '../model/recipe.ts';

/** `kollage/<image>:<release>-<fingerprint>`, and without a fingerprint the reference that moves along. */
export function referenceOf(image: string, release: string, fingerprint?: string): string {
  return `kollage/${image}:${release}${fingerprint === undefined ? '' : `-${fingerprint}`}`;
}

/** The recipe's own name and all that it provides. */
export function namesOf(recipe: Recipe): string[] {
  return [...new Set([recipe.image, ...providedNames(recipe)])];
}

/** Gives an image all of its names. */
export async function tagAll(
  docker: Docker,
  recipe: Recipe,
  release: string,
  fingerprint: string,
): Promise<void> {
  const image = docker.getImage(referenceOf(recipe.image, release, fingerprint));
  for (const name of namesOf(recipe)) {
    const repo = `kollage/${name}`;
    await image.tag({ repo, tag: `${release}-${fingerprint}` });
    await image.tag({ repo, tag: release });
  }
}
