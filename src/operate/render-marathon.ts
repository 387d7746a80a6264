import { startFiles } from '../engines/marathon/boot.ts';
import { storeKey } from '../engines/marathon/render/app.ts';
import { type Group, group } from '../engines/marathon/render/group.ts';
import { settingsOf } from '../engines/marathon/settings.ts';
import type { Finding } from '../model/error.ts';
import { prepare } from './prepare.ts';
import type { ManifestRequest } from './render-manifests.ts';

/** A deployment as Marathon takes it, and the tasks that are not in it. */
export interface MarathonGroup {
  readonly group: Group;
  readonly tasks: number;
  readonly findings: readonly Finding[];
}

/** Throws KLG-210 where what it shares cannot be where it runs. */
export async function renderMarathon({ folder, services, engine }: ManifestRequest): Promise<MarathonGroup> {
  const { deployment, desired, findings } = await prepare(folder, { services, engine });
  const input = { desired, settings: settingsOf(deployment.engine), start: startFiles() };
  const tasks = desired.resources.filter(({ kind }) => kind === 'task').length;
  return { group: group(input), tasks, findings };
}

export { storeKey };
