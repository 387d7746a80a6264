import type Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import { ask } from '../../engines/docker/ask.ts';
import { clusterLabel, discard, kindLabel, on } from './containers.ts';
import type { Host } from './hosts.ts';
import { type Kind, kinds } from './layout.ts';

export interface RemoveRequest {
  readonly name: string;
  readonly hosts: readonly Host[];
  /** Whether volumes stay, with the history of ZooKeeper, masters and agents. */
  readonly keepData: boolean;
  readonly of: (host: Host) => Docker;
  readonly emit: (event: { readonly type: 'removed'; readonly host: string; readonly what: string }) => void;
}

/** Seconds that an agent has to end its tasks. */
const grace = 60;

/**
 * Takes all away from hosts that belongs to a cluster, known by its label: whoever needs others first, so Marathon no longer starts anew what agents
 * end. Gives how much it was. KLG-501 and KLG-502, with the host's name.
 */
export async function removeCluster(request: RemoveRequest): Promise<number> {
  let count = 0;
  for (const kind of kinds.toReversed())
    for (const host of request.hosts) count += await on(host.name, () => removeKind(request, host, kind));
  if (request.keepData) return count;
  for (const host of request.hosts) count += await on(host.name, () => removeVolumes(request, host));
  return count;
}

async function removeKind({ name, of, emit }: RemoveRequest, host: Host, kind: Kind): Promise<number> {
  const docker = of(host);
  const filters = { label: [`${clusterLabel}=${name}`, `${kindLabel}=${kind}`] };
  const found = await ask(() => docker.listContainers({ all: true, filters }));
  for (const { Id: id, Names: names, State: state } of found) {
    if (kind === 'agent' && state === 'running') await endTasks(docker, id);
    await discard(docker, id);
    emit({ type: 'removed', host: host.name, what: names[0]?.slice(1) ?? id });
  }
  return found.length;
}

/** An agent that gets this signal ends its tasks, says so to the master, and ends (slave.cpp, Slave::signaled). It must not be started anew then. */
async function endTasks(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id);
  await ask(() => container.update({ RestartPolicy: { Name: 'no' } }));
  const ended = container.wait({ abortSignal: AbortSignal.timeout(grace * 1000) }).catch(() => undefined);
  await ask(() => ignoring([404, 409], () => container.kill({ signal: 'SIGUSR1' })));
  await ended;
}

async function removeVolumes({ name, of, emit }: RemoveRequest, host: Host): Promise<number> {
  const docker = of(host);
  const filters = { label: [`${clusterLabel}=${name}`] };
  const { Volumes: volumes } = await ask(() => docker.listVolumes({ filters }));
  for (const volume of volumes ?? []) {
    await ask(() => ignoring([404], () => docker.getVolume(volume.Name).remove()));
    emit({ type: 'removed', host: host.name, what: `volume ${volume.Name}` });
  }
  return (volumes ?? []).length;
}
