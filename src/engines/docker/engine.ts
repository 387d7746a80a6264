import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import Docker from 'dockerode';
import { KollageError } from '../../model/error.ts';
import type { Observed, ObservedInstance } from '../../model/plan.ts';
import type { Desired, Task, Volume, Workload } from '../../model/resource.ts';
import type { Engine, InstanceEvent, LogQuery, Provision } from '../engine.ts';
import { inside, startSpec } from '../start-spec.ts';
import { containerOptions } from './container.ts';
import { Folders } from './folders.ts';
import { observeHost } from './host.ts';
import { provideHostPath, restoreHost } from './host-paths.ts';
import { deploymentLabel, fingerprintLabel, instanceName, keyLabel, specLabel, volumeName } from './names.ts';
import { docker as traits } from './traits.ts';
import { watchInstances } from './watch.ts';

/** The engine of one host: Docker, or Podman through its Docker-compatible socket. */
export class DockerEngine implements Engine {
  readonly traits = traits;
  readonly #docker: Docker;

  /** `socket`: its path; what DOCKER_HOST says, or Docker's own default, when not given. */
  constructor(socket?: string) {
    this.#docker = socket === undefined ? new Docker() : new Docker({ socketPath: socket });
  }

  async version(): Promise<string> {
    return (await this.#ask(() => this.#docker.version())).Version;
  }

  readonly instanceName = instanceName;
  readonly nodeName = hostname;

  async observe(deployment: string, desired: Desired | null): Promise<Observed> {
    const node = desired?.nodes[0]?.name ?? 'localhost';
    const containers = await this.#containers(deployment);
    const instances = containers.flatMap((info): ObservedInstance[] => {
      const key = info.Labels[keyLabel] ?? '';
      if (!key.startsWith('workload:')) return [];
      const state = info.State === 'running' ? 'running' : 'stopped';
      return [
        {
          workload: key.slice('workload:'.length),
          node,
          fingerprint: info.Labels[fingerprintLabel] ?? '',
          state,
          image: imageId(info.ImageID),
        },
      ];
    });
    // What our own containers listen on is no conflict: only the ports of workloads that do not run are looked at.
    const running = new Set(instances.map((instance) => instance.workload));
    const ports = (desired?.resources ?? []).flatMap((r) =>
      r.kind === 'workload' && !running.has(r.id) ? r.ports.map(({ port }) => port) : [],
    );
    const imageIds = await this.#images();
    return {
      instances,
      tasks: new Folders(deployment).doneTasks(),
      nodes: [{ ...observeHost(node, new Set(ports)), images: Object.keys(imageIds), imageIds }],
      images: [],
    };
  }

  async makeVolume(deployment: string, volume: Volume): Promise<void> {
    await this.#ask(() =>
      this.#docker.createVolume({
        Name: volumeName(deployment, volume.id),
        Labels: { [deploymentLabel]: deployment },
      }),
    );
  }

  async startInstance(
    workload: Workload,
    instance: string,
    provision: Provision,
  ): Promise<{ begun: boolean }> {
    const made = await this.#start(workload, instance, provision);
    return {
      begun: workload.needs.length === 0 || (!made && new Folders(provision.deployment).hasBegun(instance)),
    };
  }

  async startTask(task: Task, provision: Provision): Promise<void> {
    await this.#start(task, instanceName(provision.deployment, task.id), provision);
  }

  async removeInstance(deployment: string, instance: string): Promise<void> {
    const there = await this.#inspect(instance);
    if (there?.Config.Labels[deploymentLabel] !== deployment) return;
    const container = this.#docker.getContainer(instance);
    // Docker waits as long as the container's own stop time-out says, and then kills.
    await ignoring(404, () => ignoring(304, () => container.stop()));
    // 409: someone else is removing it already; then it is waited for.
    await ignoring(404, () => ignoring(409, () => container.remove({ force: true, v: true })));
    await ignoring(404, () => container.wait({ condition: 'removed' }));
  }

  watch(deployment: string, signal: AbortSignal): AsyncIterable<InstanceEvent> {
    return watchInstances(this.#docker, deployment, new Folders(deployment).store, signal);
  }

  async *logs(
    _deployment: string,
    instance: string,
    query: LogQuery,
    signal: AbortSignal,
  ): AsyncIterable<string> {
    const options = {
      stdout: true,
      stderr: true,
      timestamps: false,
      ...(query.tail === undefined ? {} : { tail: query.tail }),
      ...(query.since === undefined ? {} : { since: Math.floor(query.since / 1000) }),
    };
    const container = this.#docker.getContainer(instance);
    const both = new PassThrough();
    if (query.follow) {
      const stream = await this.#ask(() => container.logs({ ...options, follow: true }));
      signal.addEventListener('abort', () => both.end(), { once: true });
      stream.on('end', () => both.end());
      this.#docker.modem.demuxStream(stream, both, both);
    } else {
      both.end(plain(await this.#ask(() => container.logs({ ...options, follow: false }))));
    }
    yield* createInterface({ input: both, crlfDelay: Number.POSITIVE_INFINITY });
  }

  async exec(
    _deployment: string,
    instance: string,
    command: readonly string[],
  ): Promise<{ code: number; output: string }> {
    const process = await this.#ask(() =>
      this.#docker.getContainer(instance).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true }),
    );
    const stream = await process.start({ hijack: true, stdin: false });
    const chunks: Buffer[] = [];
    const both = new PassThrough().on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise((resolve, reject) =>
      stream.on('end', resolve).on('close', resolve).on('error', reject),
    );
    this.#docker.modem.demuxStream(stream, both, both);
    await ended;
    return { code: (await process.inspect()).ExitCode ?? -1, output: Buffer.concat(chunks).toString() };
  }

  async destroy(deployment: string, keep: { readonly data: boolean }): Promise<void> {
    const containers = await this.#containers(deployment);
    await Promise.all(containers.map((info) => this.removeInstance(deployment, info.Id)));
    if (keep.data) return;
    const { Volumes: volumes } = await this.#ask(() =>
      this.#docker.listVolumes({ filters: { label: [`${deploymentLabel}=${deployment}`] } }),
    );
    await Promise.all(
      volumes.map((volume) => ignoring(404, () => this.#docker.getVolume(volume.Name).remove())),
    );
    const folders = new Folders(deployment);
    restoreHost(folders);
    folders.remove();
  }

  /** Leaves one that runs with the right fingerprint as it is; one with another, or half made, gives way. Gives whether it was made. */
  async #start(process: Workload | Task, instance: string, provision: Provision): Promise<boolean> {
    const { deployment, bundle, tasks, secret, needsTimeout } = provision;
    const folders = new Folders(deployment);
    const spec = startSpec({
      process,
      instance,
      node: process.placement.nodes[0] ?? 'localhost',
      tasks,
      store: { type: 'directory', path: inside.store },
      timeout: needsTimeout,
      fill: [],
    });
    const print = specPrint(spec);
    const there = await this.#inspect(instance);
    if (there && there.Config.Labels[deploymentLabel] !== deployment) {
      throw new KollageError({
        code: 'KLG-502',
        message: `there is a container ${instance} already, and it is not of the deployment ${deployment}`,
      });
    }
    if (there?.State.Running && there.Config.Labels[fingerprintLabel] === process.fingerprint) {
      // One that still waits may wait for a task that has become another one since.
      const current = there.Config.Labels[specLabel] === print;
      if (current || folders.hasBegun(instance)) return false;
    }
    if (there) await this.removeInstance(deployment, instance);
    folders.forget(instance);
    for (const mount of process.mounts) if (mount.type === 'host') provideHostPath(folders, mount);
    const options = containerOptions(
      deployment,
      process,
      bundle,
      instance,
      folders.provide(bundle, spec, secret),
      print,
    );
    const container = await this.#ask(() => this.#docker.createContainer(options), process.image);
    await this.#ask(() => container.start());
    return true;
  }

  /** The ids of the images on this host by reference, also as it is written with Docker's own registry. */
  async #images(): Promise<Record<string, string>> {
    const images = await this.#ask(() => this.#docker.listImages());
    return Object.fromEntries(
      images.flatMap(({ Id: id, RepoTags: tags }) =>
        (tags ?? []).flatMap(spellings).map((reference) => [reference, imageId(id)] as const),
      ),
    );
  }

  async #inspect(instance: string): Promise<Docker.ContainerInspectInfo | undefined> {
    return ignoring(404, () => this.#docker.getContainer(instance).inspect());
  }

  async #containers(deployment: string): Promise<Docker.ContainerInfo[]> {
    return this.#ask(() =>
      this.#docker.listContainers({ all: true, filters: { label: [`${deploymentLabel}=${deployment}`] } }),
    );
  }

  /** Turns Docker's errors into ours: KLG-501 when it does not answer, KLG-406 for an image, KLG-502 for what it refuses. */
  async #ask<T>(request: () => Promise<T>, image?: string): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      const message = cause instanceof Error ? cause.message || cause.name : String(cause);
      if (!hasStatus(cause))
        throw new KollageError({ code: 'KLG-501', message: `Docker does not answer: ${message}` }, { cause });
      if (cause.statusCode === 404 && image !== undefined) {
        throw new KollageError(
          { code: 'KLG-406', message: `the image ${image} is not on this host` },
          { cause },
        );
      }
      throw new KollageError({ code: 'KLG-502', message: `Docker refuses: ${message}` }, { cause });
    }
  }
}

function hasStatus(error: unknown): error is Error & { statusCode: number } {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
}

async function ignoring<T>(status: number, request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (hasStatus(error) && error.statusCode === status) return undefined;
    throw error;
  }
}

/** Logs of a container without a terminal come in frames: 1 byte stream, 3 bytes nothing, 4 bytes length (Docker's API, attach). */
function plain(framed: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= framed.length; ) {
    const length = framed.readUInt32BE(at + 4);
    parts.push(framed.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts);
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

/** What tells two specs of the start program apart. */
function specPrint(spec: object): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16);
}
