import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import { ignoring, statusOf, text } from '../../docker/errors.ts';
import { ask } from '../../engines/docker/ask.ts';
import { pullImage } from '../../engines/docker/pull.ts';
import { KollageError } from '../../model/error.ts';
import { atVolume, type Part } from './layout.ts';

/** On what belongs to a cluster: its name. */
export const clusterLabel = 'io.kollage.bootstrap';
/** Which part a container is. */
export const kindLabel = 'io.kollage.bootstrap.kind';
/** A hash of all that a container was made from. */
const madeLabel = 'io.kollage.bootstrap.made';

export type Ensured = 'created' | 'replaced' | 'started' | 'unchanged';

/**
 * Makes a part's container what it shall be, and lets it run; one that is so already is left alone. KLG-501, KLG-502 and KLG-406, with the host's name;
 * KLG-502 for a container of that name that is somebody else's.
 */
export async function ensure(docker: Docker, cluster: string, part: Part): Promise<Ensured> {
  return on(part.host.name, async () => {
    const there = await ask(() => ignoring([404], () => docker.getContainer(part.name).inspect()));
    if (there && there.Config.Labels[clusterLabel] !== cluster)
      throw new KollageError({
        code: 'KLG-502',
        message: `there is a container ${part.name} already, which is not of this cluster`,
      });
    await haveImage(docker, part.image);
    const options = await optionsOf(docker, cluster, part);
    if (there && there.Config.Labels[madeLabel] === options.Labels?.[madeLabel]) {
      if (there.State.Running && !there.State.Restarting) return 'unchanged';
      await ask(() => ignoring([304], () => docker.getContainer(part.name).start()));
      return 'started';
    }
    if (there) await discard(docker, there.Id);
    await ask(() => docker.createContainer(options), part.image);
    await ask(() => docker.getContainer(part.name).start());
    return there ? 'replaced' : 'created';
  });
}

/** Stops a container and removes it, if it is there. */
export async function discard(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id);
  await ask(() => ignoring([304, 404], () => container.stop({ t: 20 })));
  await ask(() => ignoring([404, 409], () => container.remove({ force: true })));
}

async function haveImage(docker: Docker, reference: string): Promise<void> {
  if (await ask(() => ignoring([404], () => docker.getImage(reference).inspect()))) return;
  await pullImage(docker, reference);
}

async function optionsOf(
  docker: Docker,
  cluster: string,
  part: Part,
): Promise<Docker.ContainerCreateOptions> {
  const home = part.volume === null ? '' : await makeVolume(docker, cluster, part.name);
  const fill = (text: string) => text.replaceAll(atVolume, home);
  const options = {
    name: part.name,
    Image: part.image,
    ...(part.entrypoint === null ? {} : { Entrypoint: [...part.entrypoint] }),
    Cmd: part.command.map(fill),
    Env: Object.entries(part.env).map(([key, value]) => `${key}=${value}`),
    HostConfig: {
      NetworkMode: 'host',
      RestartPolicy: { Name: 'always' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Binds: [...part.binds],
      Mounts:
        part.volume === null
          ? []
          : [{ Type: 'volume' as const, Source: part.name, Target: fill(part.volume) }],
      ExtraHosts: [...part.hosts],
      ...(part.hostPid ? { PidMode: 'host' } : {}),
    },
  };
  const made = createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 32);
  return { ...options, Labels: { [clusterLabel]: cluster, [kindLabel]: part.kind, [madeLabel]: made } };
}

/** Gives where it is on its host. One that is there is kept. */
async function makeVolume(docker: Docker, cluster: string, name: string): Promise<string> {
  await ask(() => docker.createVolume({ Name: name, Labels: { [clusterLabel]: cluster } }));
  return (await ask(() => docker.getVolume(name).inspect())).Mountpoint;
}

/** The last lines that a container printed; none where they cannot be had. */
export async function lastLines(docker: Docker, name: string, count: number): Promise<string[]> {
  const logs = await docker
    .getContainer(name)
    .logs({ stdout: true, stderr: true, tail: count, follow: false })
    .catch(() => Buffer.alloc(0));
  const lines: string[] = [];
  for (let at = 0; at + 8 <= logs.length; ) {
    const length = logs.readUInt32BE(at + 4);
    lines.push(
      ...logs
        .subarray(at + 8, at + 8 + length)
        .toString()
        .trimEnd()
        .split('\n'),
    );
    at += 8 + length;
  }
  return lines.slice(-count);
}

/** What became of a container, where it does not simply run. */
export async function condition(docker: Docker, name: string): Promise<string | null> {
  try {
    const { State: state, RestartCount: count } = await docker.getContainer(name).inspect();
    const again = count > 0 ? `, started anew ${count} times` : '';
    if (state.Running && !state.Restarting) return again === '' ? null : `its container runs${again}`;
    return `its container ended with ${state.ExitCode}${again}`;
  } catch (error) {
    return statusOf(error) === 404 ? 'its container is gone' : text(error);
  }
}

/** Names the host in what goes wrong on it. */
export async function on<T>(host: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (!(cause instanceof KollageError)) throw cause;
    const { finding, also } = cause;
    throw new KollageError({ ...finding, message: `${host}: ${finding.message}` }, { also, cause });
  }
}
