import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import { KollageError } from '../../model/error.ts';
import type { Observed } from '../../model/plan.ts';
import type { Desired, Task, Tool, Volume, Workload } from '../../model/resource.ts';
import type { Applied, Engine, EngineNode, InstanceEvent, LogQuery, Provision, ToolCall } from '../engine.ts';
import { captured, type Io } from '../io.ts';
import { inside, startSpec } from '../start-spec.ts';
import { ask } from './ask.ts';
import { containerOptions } from './container.ts';
import { createContainer, removeContainer, startContainer } from './container-acts.ts';
import { type FilesOf, insideDrift } from './drift/files.ts';
import { rootOf } from './drift/inside.ts';
import { nameBack, putRight } from './drift/put-right.ts';
import { Folders } from './folders.ts';
import { observeHost } from './host.ts';
import { hostPathOf, provideHostPath, restoreHost } from './host-paths.ts';
import { logLines } from './logs.ts';
import {
  deploymentLabel,
  fingerprintLabel,
  instanceLabel,
  instanceName,
  specLabel,
  volumeName,
} from './names.ts';
import { containersOf, observe } from './observe.ts';
import { pullImage } from './pull.ts';
import { execIn } from './session.ts';
import { stopContainer } from './stop.ts';
import { runTool } from './tool.ts';
import { docker as traits } from './traits.ts';
import { expectVolumes } from './volumes.ts';
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
    return (await ask(() => this.#docker.version())).Version;
  }

  /** The host that Kollage runs on, by the name that kollage.yaml gives it. */
  async nodes({ nodes: [node] }: Pick<Desired, 'nodes'>): Promise<readonly EngineNode[]> {
    await this.version();
    const { name, memory = 0, cpus = 0 } = observeHost(node?.name ?? 'localhost', new Set());
    return [{ name, roles: null, why: null, memory, cpus }];
  }

  readonly instanceName = instanceName;
  readonly nodeName = hostname;

  observe(deployment: string, desired: Desired | null, applied?: Applied | null): Promise<Observed> {
    return observe(this.#docker, deployment, desired, applied);
  }

  pullImage(reference: string): Promise<void> {
    return pullImage(this.#docker, reference);
  }

  async makeVolume(deployment: string, volume: Volume): Promise<void> {
    await ask(() =>
      this.#docker.createVolume({
        Name: volumeName(deployment, volume.id),
        Labels: { [deploymentLabel]: deployment },
      }),
    );
  }

  async removeVolume(deployment: string, id: string): Promise<void> {
    await ask(() => ignoring([404], () => this.#docker.getVolume(volumeName(deployment, id)).remove()));
  }

  async startInstance(
    workload: Workload,
    instance: string,
    provision: Provision,
  ): ReturnType<Engine['startInstance']> {
    const { container, there } = await this.#start(workload, instance, provision);
    if (there === null) return { container, begun: workload.needs.length === 0 };
    const report = new Folders(provision.deployment).reported(instance);
    const begun = workload.needs.length === 0 || report?.state === 'started';
    return { container, begun, since: report?.at ?? there };
  }

  async refreshInstance(workload: Workload, instance: string, provision: Provision): Promise<void> {
    const { deployment, bundle, secret, urgency = 0 } = provision;
    const there = await this.#find(deployment, instance);
    if (!there) return;
    const folders = new Folders(deployment);
    const places = folders.places(instance, bundle);
    const asked = containerOptions(deployment, workload, bundle, instance, places, '', urgency);
    await putRight(this.#docker, there, instance, asked);
    const files: FilesOf = {
      start: workload.start,
      wanted: bundle ? folders.filled(bundle, secret) : [],
      folder: folders.configFolder(instance),
      root: rootOf(there.State.Pid, there.Id),
      startedAt: Date.parse(there.State.StartedAt),
      unfill: (text) => text,
    };
    const isInside = insideDrift(files)?.length === 0;
    folders.refresh(instance, bundle, secret);
    folders.outputs.note(instance, workload);
    if (there.State.Running && workload.start === 'kolla' && bundle && !isInside) {
      // As kolla_start itself does it.
      const { code, output } = await captured((io) =>
        this.exec(deployment, instance, ['sudo', '-E', 'kolla_set_configs'], io),
      );
      if (code !== 0) {
        const last = output.trim().split('\n').at(-1) ?? '';
        throw new KollageError({ code: 'KLG-502', message: `${instance} does not take its files: ${last}` });
      }
    }
    folders.spec(instance, specOf(workload, instance, provision));
    folders.recordRefreshed(instance, there.Id, workload);
  }

  async publish(deployment: string, id: string, values: Readonly<Record<string, string>>): Promise<void> {
    new Folders(deployment).outputs.publish(id, values);
  }

  async signalInstance(_deployment: string, instance: string, signal: string): Promise<void> {
    await ask(() => this.#docker.getContainer(instance).kill({ signal }));
  }

  async startTask(task: Task, provision: Provision): Promise<string> {
    const made = await this.#start(task, instanceName(provision.deployment, task.id), provision);
    return made.container;
  }

  async recordTask(deployment: string, task: Task): Promise<boolean> {
    const folders = new Folders(deployment);
    const { id, unless } = task;
    if (!unless || folders.outputs.all().get(`${unless.output}:${unless.key}`) !== unless.is) return false;
    folders.recordTask(task, instanceName(deployment, id));
    return true;
  }

  async forgetTask(deployment: string, id: string, fingerprint: string): Promise<void> {
    new Folders(deployment).forgetTask(id, fingerprint);
  }

  async removeInstance(deployment: string, instance: string): Promise<void> {
    const there = await this.#find(deployment, instance);
    if (there?.Config.Labels[deploymentLabel] !== deployment) return;
    const container = this.#docker.getContainer(there.Id);
    const folders = new Folders(deployment);
    const name = there.Config.Labels[instanceLabel] ?? there.Name.replace(/^\//, '');
    await stopContainer(this.#docker, there, folders.refreshed(name, there.Id)?.stop);
    await removeContainer(container);
    folders.removeInstance(name);
    folders.forget(name);
  }

  watch(deployment: string, signal: AbortSignal): AsyncIterable<InstanceEvent> {
    return watchInstances(this.#docker, deployment, new Folders(deployment).store, signal);
  }

  logs(_deployment: string, instance: string, query: LogQuery, signal: AbortSignal): AsyncIterable<string> {
    return logLines(this.#docker, this.#docker.getContainer(instance), query, signal);
  }

  exec(_deployment: string, instance: string, command: readonly string[], io: Io): Promise<number> {
    return execIn(this.#docker, this.#docker.getContainer(instance), command, io);
  }

  readonly hostPath = hostPathOf;

  runTool(tool: Tool, call: ToolCall, io: Io): Promise<number> {
    return runTool(this.#docker, tool, call, io);
  }

  async destroy(deployment: string, keep: { readonly data: boolean }): Promise<void> {
    const containers = await containersOf(this.#docker, deployment);
    if (keep.data) {
      await Promise.all(containers.map(({ Id }) => this.removeInstance(deployment, Id)));
      return;
    }
    // Who has no data to keep need not end gently; some would wait half a minute for those that go at the same time. One after the other:
    // where many end at one moment, a Docker before 20.10.27 may lock itself up for good (moby/libnetwork#2679).
    for (const { Id } of containers) {
      await ask(() => ignoring([404, 409], () => this.#docker.getContainer(Id).kill()));
      await this.removeInstance(deployment, Id);
    }
    const { Volumes: volumes } = await ask(() =>
      this.#docker.listVolumes({ filters: { label: [`${deploymentLabel}=${deployment}`] } }),
    );
    await Promise.all(
      volumes.map((volume) => ask(() => ignoring([404], () => this.#docker.getVolume(volume.Name).remove()))),
    );
    const folders = new Folders(deployment);
    restoreHost(folders);
    folders.remove();
  }

  /** Leaves one that runs with the right fingerprint as it is, and gives since when it runs; one with another, or half made, gives way. */
  async #start(
    process: Workload | Task,
    instance: string,
    provision: Provision,
  ): Promise<{ container: string; there: number | null }> {
    const { deployment, bundle, secret, urgency = 0 } = provision;
    const folders = new Folders(deployment);
    const spec = specOf(process, instance, provision);
    const print = specPrint(spec);
    const there = await this.#find(deployment, instance);
    if (there && there.Config.Labels[deploymentLabel] !== deployment) {
      throw new KollageError({
        code: 'KLG-502',
        message: `there is a container ${instance} already, and it is not of the deployment ${deployment}`,
      });
    }
    const fingerprint =
      there && (folders.refreshed(instance, there.Id)?.fingerprint ?? there.Config.Labels[fingerprintLabel]);
    if (there?.State.Running && fingerprint === process.fingerprint) {
      // One that still waits may wait for a task that has become another one since.
      const current = there.Config.Labels[specLabel] === print;
      if (current || folders.reported(instance)?.state === 'started') {
        await nameBack(this.#docker, there, instance);
        return { container: there.Id, there: Date.parse(there.State.StartedAt) };
      }
    }
    if (there) await this.removeInstance(deployment, instance);
    folders.forget(instance);
    await expectVolumes(this.#docker, deployment, process.mounts, instance);
    for (const mount of process.mounts) if (mount.type === 'host') provideHostPath(folders, mount);
    const options = containerOptions(
      deployment,
      process,
      bundle,
      instance,
      folders.provide(instance, bundle, spec, secret),
      print,
      urgency,
    );
    if (process.kind === 'workload') folders.outputs.note(instance, process);
    const container = await createContainer(this.#docker, options);
    await startContainer(container);
    // What was published since its files were written.
    if (process.kind === 'workload' && Object.keys(folders.outputs.outdated(instance)).length > 0) {
      folders.refresh(instance, bundle, secret);
      folders.outputs.note(instance, process);
    }
    return { container: container.id, there: null };
  }

  /** The container of an instance: the one with its name, or the one that somebody gave another name. */
  async #find(deployment: string, instance: string): Promise<Docker.ContainerInspectInfo | undefined> {
    const named = await this.#inspect(instance);
    if (named?.Config.Labels[deploymentLabel] === deployment) return named;
    const [renamed] = await containersOf(this.#docker, deployment, instance);
    return (renamed && (await this.#inspect(renamed.Id))) ?? named;
  }

  async #inspect(instance: string): Promise<Docker.ContainerInspectInfo | undefined> {
    return ask(() => ignoring([404], () => this.#docker.getContainer(instance).inspect()));
  }
}

/** What the start program of an instance is told. */
function specOf(process: Workload | Task, instance: string, { tasks, needsTimeout }: Provision): object {
  return startSpec({
    process,
    instance,
    node: process.placement.nodes[0] ?? 'localhost',
    tasks,
    store: { type: 'directory', path: inside.store },
    timeout: needsTimeout,
    fill: [],
  });
}

/** What tells two specs of the start program apart. */
function specPrint(spec: object): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16);
}
