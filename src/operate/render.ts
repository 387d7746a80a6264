import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Switched } from '../load/services-on.ts';
import { type Finding, KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type { Desired } from '../model/resource.ts';
import { type Prepared, prepare } from './prepare.ts';

export interface RenderedFile {
  /** `service/component/name`. */
  readonly path: string;
  /** Where it goes inside the container. */
  readonly target: string;
  readonly content: string;
  readonly mode: string;
}

/**
 * The generated files of the services, components or tasks named (`nova`, `nova/api`), of all when none is named.
 * KLG-105 for a name that is none of these.
 */
export async function renderDeployment(
  folder: string,
  names: readonly string[],
  services: Switched = {},
): Promise<{
  desired: Desired;
  proofs: Prepared['proofs'];
  files: RenderedFile[];
  findings: readonly Finding[];
}> {
  const { desired, proofs, findings } = await prepare(folder, { services });
  const bundles = [...desired.resources, ...proofs].filter((resource) => resource.kind === 'config');
  const belongs = (id: string, name: string) =>
    id === name || id.startsWith(`${name}/`) || id.startsWith(`${name}@`);
  for (const name of names) {
    if (bundles.some(({ id }) => belongs(id, name))) continue;
    const known = bundles.flatMap(({ id }) => [id, id.split('/')[0] ?? id]);
    throw new KollageError({
      code: 'KLG-105',
      message: `there is nothing named ${name} to render${suggestion(name, known)}`,
    });
  }
  const files = bundles
    .filter(({ id }) => names.length === 0 || names.some((name) => belongs(id, name)))
    .flatMap(({ id, files }) =>
      files.map(({ name, path, content, mode }) => ({
        path: `${id}/${name}`,
        target: path ?? `/var/lib/kolla/config_files/${name}`,
        content,
        mode,
      })),
    );
  return { desired, proofs, files, findings };
}

/** Writes rendered files into a folder that is new or empty; gives how many. KLG-112 when it is not, KLG-903 when it cannot. */
export function writeRendered(folder: string, files: readonly RenderedFile[]): number {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new KollageError({ code: 'KLG-112', message: `${folder} is not empty` });
  try {
    for (const file of files) {
      const path = join(folder, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.content, { mode: Number.parseInt(file.mode, 8), flag: 'wx' });
    }
  } catch (error) {
    throw new KollageError(
      { code: 'KLG-903', message: `${folder}: ${error instanceof Error ? error.message : String(error)}` },
      { cause: error },
    );
  }
  return files.length;
}
