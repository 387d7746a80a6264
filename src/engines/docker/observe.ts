import type Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import type { Drift, Observed, ObservedInstance } from '../../model/plan.ts';
import type { Desired } from '../../model/resource.ts';
import type { Applied } from '../engine.ts';
import { captured } from '../io.ts';
import { ask } from './ask.ts';
import { DriftFinder, type Listed } from './drift/drift.ts';
import { Folders } from './folders.ts';
import { observeHost } from './host.ts';
import { deploymentLabel, fingerprintLabel, instanceLabel, keyLabel } from './names.ts';
import { execIn } from './session.ts';
import { volumesOf } from './volumes.ts';

/** The containers of a deployment, running or not; or those that were made as one instance of it. */
export async function containersOf(
  docker: Docker,
  deployment: string,
  instance?: string,
): Promise<Docker.ContainerInfo[]> {
  const only = instance === undefined ? [] : [`${instanceLabel}=${instance}`];
  const filters = { label: [`${deploymentLabel}=${deployment}`, ...only] };
  return ask(() => docker.listContainers({ all: true, filters }));
}

/** What is there of a deployment: its containers, its done tasks, and what a plan must know of this host. */
export async function observe(
  docker: Docker,
  deployment: string,
  desired: Desired | null,
  applied: Applied | null = null,
): Promise<Observed> {
  const node = desired?.nodes[0]?.name ?? 'localhost';
  const containers = await containersOf(docker, deployment);
  const folders = new Folders(deployment);
  const names = new Set(containers.map(nameOf));
  const found = containers.flatMap((info) => instance(info, node, folders, names));
  const listed = await withSince(docker, folders, found);
  const seen = applied ? await withDrift(docker, folders, applied, listed) : listed;
  const instances = withOutputs(seen, await outputsOf(docker, desired, seen), folders);
  // What our own containers listen on is no conflict: only the ports of workloads that do not run are looked at.
  const running = new Set(instances.map(({ workload }) => workload));
  const ports = (desired?.resources ?? []).flatMap((r) =>
    r.kind === 'workload' && !running.has(r.id) ? r.ports.map(({ port }) => port) : [],
  );
  const imageIds = await imagesHere(docker);
  return {
    instances,
    volumes: await volumesOf(docker, deployment, desired),
    tasks: folders.doneTasks(),
    nodes: [{ ...observeHost(node, new Set(ports)), images: Object.keys(imageIds), imageIds }],
    images: [],
  };
}

function nameOf({ Names: [name], Id }: Docker.ContainerInfo): string {
  return name?.replace(/^\//, '') ?? Id;
}

/** `names`: those of all containers; one that somebody renamed keeps its own for us, unless another one has got that. */
function instance(
  info: Docker.ContainerInfo,
  node: string,
  folders: Folders,
  names: ReadonlySet<string>,
): Seen[] {
  const key = info.Labels[keyLabel] ?? '';
  if (!key.startsWith('workload:')) return [];
  const now = nameOf(info);
  const own = info.Labels[instanceLabel] ?? now;
  const name = names.has(own) ? now : own;
  const drift = [
    ...(name === now ? [] : [inPlace(`it was renamed by hand to ${now}`)]),
    ...(info.State === 'paused' ? [inPlace('it was paused by hand')] : []),
  ];
  return [
    {
      id: info.Id,
      workload: key.slice('workload:'.length),
      name,
      node,
      fingerprint: folders.refreshed(name, info.Id)?.fingerprint ?? info.Labels[fingerprintLabel] ?? '',
      state: info.State === 'running' || info.State === 'paused' ? 'running' : 'stopped',
      image: imageId(info.ImageID),
      drift,
    },
  ];
}

/** Adds when the processes of those that run began; one that still waits begins after what it reported last. */
function withSince(docker: Docker, folders: Folders, listed: readonly Seen[]): Promise<Seen[]> {
  return Promise.all(
    listed.map(async (one) => {
      if (one.state !== 'running') return one;
      const since = folders.reported(one.name)?.at ?? (await startedAt(docker, one.id));
      return since === undefined ? one : { ...one, since };
    }),
  );
}

/** When a container was started last, in milliseconds since the epoch; undefined where it has gone. */
async function startedAt(docker: Docker, container: string): Promise<number | undefined> {
  const info = await ask(() => ignoring([404], () => docker.getContainer(container).inspect()));
  return info && Date.parse(info.State.StartedAt);
}

function inPlace(text: string): Drift {
  return { text, remedy: 'in-place' };
}

/** Adds what somebody changed of the instances that run. */
function withDrift(
  docker: Docker,
  folders: Folders,
  applied: Applied,
  listed: readonly Seen[],
): Promise<Seen[]> {
  const finder = new DriftFinder(docker, folders, applied);
  return Promise.all(
    listed.map(async (one) =>
      one.state === 'running' ? { ...one, drift: [...one.drift, ...(await finder.of(one))] } : one,
    ),
  );
}

/** The ids of the images on this host by reference, also as it is written with Docker's own registry. */
async function imagesHere(docker: Docker): Promise<Record<string, string>> {
  const images = await ask(() => docker.listImages());
  return Object.fromEntries(
    images.flatMap(({ Id: id, RepoTags: tags }) =>
      (tags ?? []).flatMap(spellings).map((reference) => [reference, imageId(id)] as const),
    ),
  );
}

/** Podman leaves the algorithm out in some of its answers. */
function imageId(id: string): string {
  return id.includes(':') ? id : `sha256:${id}`;
}

/** How a tag that Docker lists may be written in a deployment. */
function spellings(tag: string): string[] {
  const [first = '', rest] = tag.split(/\/(.*)/s);
  if (rest === undefined) return [tag, `docker.io/library/${tag}`];
  return /[.:]|^localhost$/.test(first) ? [tag] : [tag, `docker.io/${tag}`];
}

type Seen = ObservedInstance & Listed & { readonly drift: readonly Drift[] };

/** What the instances that run publish now, by their names. What one has not written (yet) is left out. */
async function outputsOf(
  docker: Docker,
  desired: Desired | null,
  seen: readonly Seen[],
): Promise<Map<string, Record<string, string>>> {
  const publishing = (desired?.resources ?? []).flatMap((one) =>
    one.kind === 'workload' && Object.keys(one.outputs).length > 0 ? [one] : [],
  );
  const read = publishing.flatMap(({ id, outputs }) =>
    seen
      .filter(({ workload, state }) => workload === id && state === 'running')
      .map(async ({ name }) => [name, await readOutputs(docker, name, outputs)] as const),
  );
  return new Map(await Promise.all(read));
}

async function readOutputs(
  docker: Docker,
  instance: string,
  outputs: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const read = Object.entries(outputs).map(async ([key, path]): Promise<[string, string][]> => {
    try {
      const { code, output } = await captured((io) =>
        execIn(docker, docker.getContainer(instance), ['cat', path], io),
      );
      return code === 0 ? [[key, output.replace(/\n+$/, '')]] : [];
    } catch {
      // It ended since it was listed.
      return [];
    }
  });
  return Object.fromEntries((await Promise.all(read)).flat());
}

/** Adds to instances what they publish, and what of others has changed since their files were written. */
function withOutputs(
  seen: readonly Seen[],
  outputs: ReadonlyMap<string, Record<string, string>>,
  folders: Folders,
): ObservedInstance[] {
  const now = Map.groupBy(
    seen.flatMap(({ name, workload }) =>
      Object.entries(outputs.get(name) ?? {}).map(([key, value]) => ({ of: `${workload}:${key}`, value })),
    ),
    ({ of }) => of,
  );
  // What was published holds as long as one of those that run says so: while an old one stands beside the new, both do.
  const published = folders.outputs.all();
  const newer = new Map(
    [...now].flatMap(([of, said]) => {
      const [first] = said;
      return !first || said.some(({ value }) => value === published.get(of))
        ? []
        : [[of, first.value] as const];
    }),
  );
  return seen.map(({ id: _id, drift, ...one }) => {
    const own = outputs.get(one.name);
    const outdated = folders.outputs.outdated(one.name, newer);
    return {
      ...one,
      ...(drift.length > 0 && { drift }),
      ...(own && { outputs: own }),
      ...(Object.keys(outdated).length > 0 && { outdated }),
    };
  });
}
