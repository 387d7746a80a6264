import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BuildResult, buildImages } from '../images/build.ts';
import { choose, releasesOf } from '../images/choose.ts';
import { connect } from '../images/daemon.ts';
import type { ImageEvent } from '../images/events.ts';
import { type BuiltImage, listImages, packagesOf } from '../images/list.ts';
import { referenceOf } from '../images/names.ts';
import { type Recipes, readRecipes } from '../images/recipes.ts';
import { pullImages, pushImages, type Transferred } from '../images/transfer.ts';
import { Folder } from '../load/folder.ts';
import { parseWith } from '../load/schema/parse.ts';
import { readYaml } from '../load/yaml/read.ts';
import { catalogFile } from '../model/service.ts';

const root = resolve(import.meta.dirname, '../..');

/** Which images are meant. */
export interface ImageChoice {
  /** Catalogs of Kollage by name, or folders. */
  readonly catalogs: readonly string[];
  /** The catalog's default release when not given. */
  readonly release?: string | undefined;
  /** Recipes' names or provided ones; all when empty. */
  readonly names: readonly string[];
}

export interface BuildRequest extends ImageChoice {
  /** An image to begin with, instead of debootstrap. */
  readonly base?: string | undefined;
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly emit: (event: ImageEvent) => void;
}

/** Builds images and those they are built on. What `buildImages` throws. */
export async function build(request: BuildRequest): Promise<BuildResult> {
  const { recipes, release } = find(request);
  return buildImages(await connect(), {
    recipes,
    release,
    names: request.names,
    imagesFolder: join(root, 'images'),
    logFolder: join(stateFolder(), 'images', release),
    base: request.base,
    force: request.force,
    signal: request.signal,
    emit: request.emit,
  });
}

/** The images that the engine has; of one release, or of all. */
export async function list(release: string | undefined): Promise<BuiltImage[]> {
  return listImages(await connect(), release);
}

/** Everything that is installed in an image, as tab-separated lines. Throws KLG-306 for a name that no recipe has. */
export async function packages(choice: ImageChoice): Promise<string> {
  const { recipes, release } = find(choice);
  const docker = await connect();
  const image = choose(recipes, release, choice.names).at(-1);
  return image ? packagesOf(docker, referenceOf(image.image, release)) : '';
}

/** Pushes images to a registry under all their names. */
export async function* push(choice: ImageChoice, registry: string): AsyncGenerator<Transferred> {
  const { recipes, release } = find(choice);
  yield* pushImages(await connect(), choose(recipes, release, choice.names), release, registry);
}

/** Pulls images from a registry that they were pushed to. */
export async function* pull(choice: ImageChoice, registry: string): AsyncGenerator<Transferred> {
  const { recipes, release } = find(choice);
  yield* pullImages(await connect(), choose(recipes, release, choice.names), release, registry);
}

function find(choice: ImageChoice): { recipes: Recipes; release: string } {
  const folders = choice.catalogs.map(catalogFolder);
  const recipes = readRecipes(folders.map((folder) => join(folder, 'images')));
  const release = choice.release ?? defaultRelease(folders) ?? releasesOf(recipes)[0] ?? '';
  return { recipes, release };
}

function catalogFolder(name: string): string {
  const own = join(root, 'catalog', name);
  return /^[a-z][a-z0-9-]*$/.test(name) && existsSync(own) ? own : resolve(name);
}

function defaultRelease(folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const file = Folder.open(folder)?.read('catalog.yaml');
    if (!file) continue;
    const { releases } = parseWith(catalogFile, readYaml(file.file, file.text)).value;
    const found = Object.entries(releases).find(([, release]) => release.default);
    if (found) return found[0];
  }
  return undefined;
}

/** Where logs go (XDG base directory specification). */
function stateFolder(): string {
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'kollage');
}
