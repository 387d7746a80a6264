import type Docker from 'dockerode';
import { ask } from '../ask.ts';
import { updateOf } from './limits.ts';

/** Takes back what somebody changed of a container that runs, as far as Docker can while it does. KLG-502 where another one has its name. */
export async function putRight(
  docker: Docker,
  there: Docker.ContainerInspectInfo,
  name: string,
  asked: Docker.ContainerCreateOptions,
): Promise<void> {
  const container = docker.getContainer(there.Id);
  await nameBack(docker, there, name);
  const update = updateOf(there.HostConfig, asked.HostConfig);
  if (update) await ask(() => container.update(update));
  if (there.State.Paused) await ask(() => container.unpause());
}

/** Gives a container its own name, where somebody gave it another one. */
export async function nameBack(
  docker: Docker,
  there: Docker.ContainerInspectInfo,
  name: string,
): Promise<void> {
  if (there.Name !== `/${name}`) await ask(() => docker.getContainer(there.Id).rename({ name }));
}
