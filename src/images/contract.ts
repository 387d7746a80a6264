import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KollageError } from '../model/error.ts';
import type { Recipe } from '../model/recipe.ts';
import type { Upload } from './daemon.ts';
import { workPath } from './paths.ts';

const place = `${workPath}/contract`;
const installer = `bash ${place}/install`;

/**
 * What of images/contract an image takes: the contract itself where the recipe says `contract`, and the scripts and programs that its
 * `extend` names. Only these, so that a change for one service does not rebuild the others.
 * @param folder images/contract
 * @throws KollageError KLG-209 when `extend` names a script that is not there
 */
export async function contractUploads(recipe: Recipe, folder: string): Promise<Upload[]> {
  const paths: string[] = [];
  if (recipe.contract) paths.push('sudoers', 'extend/lib.sh', ...(await list(folder, 'bin')));
  for (const name of extendNames(recipe)) {
    const found = [
      ...(await list(folder, `programs/${name}`)),
      ...(await list(folder, 'extend', `${name}.sh`)),
    ];
    if (found.length === 0) {
      throw new KollageError({
        code: 'KLG-209',
        message: `The recipe of ${recipe.image} names a script ${name} that is not in ${folder}/extend`,
      });
    }
    paths.push(...found);
  }
  if (paths.length > 0) paths.push('install');
  return Promise.all(
    paths.sort().map(async (path) => ({
      path: `${place}/${path}`,
      content: await readFile(join(folder, path)),
      mode: (await stat(join(folder, path))).mode & 0o777,
    })),
  );
}

/** The lines of a build's script that put the contract into the image. */
export function contractLines(recipe: Recipe): string[] {
  const whole = recipe.contract ? [installer] : [];
  if (Array.isArray(recipe.extend)) {
    return recipe.extend.length === 0 ? whole : [...whole, `${installer} ${recipe.extend.join(' ')}`];
  }
  const start = '/usr/local/bin/kolla_extend_start';
  const each = Object.entries(recipe.extend).flatMap(([word, name]) => [
    `${installer} ${name}`,
    `install -D -m 0644 ${start} ${choices}/${word}.sh`,
  ]);
  return [...whole, ...each, `cat > ${start} <<'END'\n${choosing}\nEND`];
}

const choices = '/usr/local/lib/kollage/extend';

/** kolla_extend_start of an image that holds several services: kolla_start has the command in CMD. */
const choosing = `extend=default
for word in $CMD; do
    if [[ -e ${choices}/\${word##*/}.sh ]]; then
        extend=\${word##*/}
        break
    fi
done
. ${choices}/$extend.sh`;

function extendNames(recipe: Recipe): string[] {
  return [...new Set(Array.isArray(recipe.extend) ? recipe.extend : Object.values(recipe.extend))];
}

/** Files of a folder below the contract's, or the one that is asked for; none when it is not there. */
async function list(folder: string, below: string, only?: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && (only === undefined || entry.name === only))
    .map((entry) => `${below}/${entry.name}`);
}
