import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deploymentFileName } from '../../load/deployment.ts';
import { KollageError, messageOf } from '../../model/error.ts';

/** Changes the text of a folder's kollage.yaml, whole or not at all; its rights stay. Throws KLG-903, and what `edit` throws. */
export function changeDeploymentFile(folder: string, edit: (text: string) => string): void {
  const path = join(folder, deploymentFileName);
  const fresh = join(folder, `.${deploymentFileName}.new`);
  try {
    const text = readFileSync(path, 'utf8');
    writeFileSync(fresh, edit(text), { mode: statSync(path).mode });
    renameSync(fresh, path);
  } catch (cause) {
    if (cause instanceof KollageError) throw cause;
    const message = `${path} cannot be written: ${messageOf(cause)}`;
    throw new KollageError({ code: 'KLG-903', message }, { cause });
  }
}
