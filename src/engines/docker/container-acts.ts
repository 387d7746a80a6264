import type Docker from 'dockerode';
import { isCut } from '../../docker/again.ts';
import { ignoring, statusOf } from '../../docker/errors.ts';
import { KollageError } from '../../model/error.ts';
import { ask } from './ask.ts';
import { fingerprintLabel, specLabel } from './names.ts';

/*
 * What is done to a container, so that it is done once though Docker's answer is lost on the way.
 */

/** Milliseconds that someone else's removal may take. */
const removalTime = 60_000;

/** Makes a container; one that an earlier request has made, whose answer was lost, is taken. KLG-406 without its image. */
export function createContainer(
  docker: Docker,
  options: Docker.ContainerCreateOptions,
): Promise<Docker.Container> {
  let isLost = false;
  return ask(async () => {
    try {
      return await docker.createContainer(options);
    } catch (error) {
      isLost ||= isCut(error);
      if (!isLost || statusOf(error) !== 409) throw error;
      const { Id, State, Config } = await docker.getContainer(options.name ?? '').inspect();
      const isOurs = [fingerprintLabel, specLabel].every(
        (label) => Config.Labels[label] === options.Labels?.[label],
      );
      if (State.Status !== 'created' || !isOurs) throw error;
      return docker.getContainer(Id);
    }
  }, options.Image);
}

/** Starts a container that was made just now; one that has run since, and has ended, is not started again. */
export function startContainer(container: Docker.Container): Promise<void> {
  let isLost = false;
  return ask(async () => {
    if (isLost && hasRun(await container.inspect())) return;
    try {
      await ignoring([304], () => container.start());
    } catch (error) {
      isLost ||= isCut(error);
      throw error;
    }
  });
}

/** Until its first start Docker says that it was started in the year 1. */
function hasRun({ State }: Docker.ContainerInspectInfo): boolean {
  return !State.StartedAt.startsWith('0001-');
}

/** Removes a container, with what is anonymous of it. */
export async function removeContainer(container: Docker.Container): Promise<void> {
  await ask(() => ignoring([404], () => remove(container)));
}

async function remove(container: Docker.Container): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    // Someone else may be removing it already, who may fail.
    if (statusOf(error) !== 409 || (await container.inspect()).State.Status !== 'removing') throw error;
    const signal = AbortSignal.timeout(removalTime);
    try {
      await container.wait({ condition: 'removed', abortSignal: signal });
    } catch (cause) {
      if (!signal.aborted) throw cause;
      const message = `a container is being removed for ${removalTime / 1000} s, without end`;
      throw new KollageError({ code: 'KLG-502', message }, { cause });
    }
  }
}
