import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chosen } from './choose.ts';
import { contractUploads } from './contract.ts';
import type { Upload } from './daemon.ts';
import { workPath } from './paths.ts';
import { dpkgConfiguration } from './script.ts';

/** Where the parts of an image that are not packages come from. */
export interface Folders {
  /** The recipes' folder: `source` of a file is relative to it. */
  readonly recipes: string;
  /** The folder of what runs inside containers (images/). */
  readonly images: string;
}

/**
 * The files that a recipe lays into its image, at the places where the build's script takes them from.
 * @throws an error of the file system when a file is not there
 */
export async function uploadsOf(image: Chosen, folders: Folders): Promise<Upload[]> {
  const { recipe } = image;
  const own = await Promise.all(
    recipe.files.map(async ({ path, content, source, mode }) => ({
      path: `${workPath}/files${path}`,
      content: content ?? (await readFile(join(folders.recipes, source ?? ''))),
      mode: Number.parseInt(mode, 8),
    })),
  );
  const contract = await contractUploads(recipe, join(folders.images, 'contract'));
  const patterns = dpkgConfiguration(recipe);
  const dpkg = patterns.trim() === '' ? [] : [{ path: `${workPath}/dpkg`, content: patterns }];
  return [...dpkg, ...contract, ...own];
}
