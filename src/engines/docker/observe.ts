import type Docker from 'dockerode';
import type { Observed, ObservedInstance } from '../../model/plan.ts';
import type { Desired } from '../../model/resource.ts';
import { captured } from '../io.ts';
import { ask } from './ask.ts';
import { Folders } from './folders.ts';
import { observeHost } from './host.ts';
import { deploymentLabel, fingerprintLabel, keyLabel, volumeName } from './names.ts';
import { execIn } from './session.ts';

/** The containers of a deployment, running or not. */
export async function containersOf(docker: Docker, deployment: string): Promise<Docker.ContainerInfo[]> {
  const filters = { label: [`${deploymentLabel}=${deployment}`] };
  return ask(() => docker.listContainers({ all: true, filters }));
}

/** What is there of a deployment: its containers, its done tasks, and what a plan must know of this host. */
export async function observe(
  docker: Docker,
  deployment: string,
  desired: Desired | null,
): Promise<Observed> {
  const node = desired?.nodes[0]?.name ?? 'localhost';
  const containers = await containersOf(docker, deployment);
  const folders = new Folders(deployment);
  const seen = containers.flatMap((info) => instance(info, node, folders));
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

function instance(info: Docker.ContainerInfo, node: string, folders: Folders): Seen[] {
  const key = info.Labels[keyLabel] ?? '';
  if (!key.startsWith('workload:')) return [];
  const name = info.Names[0]?.replace(/^\//, '') ?? info.Id;
  return [
    {
      workload: key.slice('workload:'.length),
      name,
      node,
      fingerprint: folders.fingerprintOf(name, info.Id) ?? info.Labels[fingerprintLabel] ?? '',
      state: info.State === 'running' ? 'running' : 'stopped',
      image: imageId(info.ImageID),
    },
  ];
}

/** The volumes of a desired state that are there already. */
async function volumesOf(docker: Docker, deployment: string, desired: Desired | null): Promise<string[]> {
  const filters = { label: [`${deploymentLabel}=${deployment}`] };
  const { Volumes: volumes } = await ask(() => docker.listVolumes({ filters }));
  const names = new Set(volumes.map(({ Name: name }) => name));
  return (desired?.resources ?? []).flatMap(({ kind, id }) =>
    kind === 'volume' && names.has(volumeName(deployment, id)) ? [id] : [],
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

type Seen = ObservedInstance & { readonly name: string };

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
  return seen.map((one) => {
    const own = outputs.get(one.name);
    const outdated = folders.outputs.outdated(one.name, newer);
    return {
      ...one,
      ...(own && { outputs: own }),
      ...(Object.keys(outdated).length > 0 && { outdated }),
    };
  });
}
