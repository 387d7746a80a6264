import type Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import { KollageError } from '../../model/error.ts';
import type { Desired, Mount } from '../../model/resource.ts';
import { ask } from './ask.ts';
import { volumeName } from './names.ts';

/** The volumes of a desired state that are there already, whoever made them: somebody may have brought one back. */
export async function volumesOf(
  docker: Docker,
  deployment: string,
  desired: Desired | null,
): Promise<string[]> {
  const { Volumes: volumes } = await ask(() => docker.listVolumes());
  const names = new Set(volumes.map(({ Name: name }) => name));
  return (desired?.resources ?? []).flatMap(({ kind, id }) =>
    kind === 'volume' && names.has(volumeName(deployment, id)) ? [id] : [],
  );
}

/** KLG-502 where a volume that an instance mounts is not there: Docker would make an empty one. */
export async function expectVolumes(
  docker: Docker,
  deployment: string,
  mounts: readonly Mount[],
  instance: string,
): Promise<void> {
  for (const { type, source } of mounts) {
    const volume = docker.getVolume(volumeName(deployment, source));
    if (type !== 'volume' || (await ask(() => ignoring([404], () => volume.inspect())))) continue;
    throw new KollageError({
      code: 'KLG-502',
      message: `${instance} cannot start: its volume ${volume.name} is not there`,
      next: 'Bring it back from a backup under that name; `kollage plan` says more.',
    });
  }
}
