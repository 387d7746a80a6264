import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chosen } from './choose.ts';
import { contractUploads } from './contract.ts';
import type { Upload } from './daemon.ts';
import { workPath } from './paths.ts';
import { dpkgConfiguration } from './script.ts';

/**
 * The files that a recipe lays into its image, at the places where the build's script takes them from.
 * @param imagesFolder the folder of what runs inside containers (images/)
 * @throws an error of the file system when a file is not there
 */
export async function uploadsOf(image: Chosen, imagesFolder: string): Promise<Upload[]> {
  const { recipe, folder } = image;
  const own = await Promise.all(
    recipe.files.map(async ({ path, content, source, mode }) => ({
      path: `${workPath}/files${path}`,
      content: content ?? (await readFile(join(folder, source ?? ''))),
      mode: Number.parseInt(mode, 8),
    })),
  );
  const contract = await contractUploads(recipe, join(imagesFolder, 'contract'));
  const patterns = dpkgConfiguration(recipe);
  const dpkg = patterns.trim() === '' ? [] : [{ path: `${workPath}/dpkg`, content: patterns }];
  return [...dpkg, ...contract, ...own];
}
