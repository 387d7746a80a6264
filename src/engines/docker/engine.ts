import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import Docker from 'dockerode';
import { ignoring } from '../../docker/errors.ts';
import { KollageError } from '../../model/error.ts';
import type { Observed } from '../../model/plan.ts';
import type { Desired, Task, Tool, Volume, Workload } from '../../model/resource.ts';
import type { Engine, InstanceEvent, LogQuery, Provision, ToolCall } from '../engine.ts';
import { captured, type Io } from '../io.ts';
import { inside, startSpec } from '../start-spec.ts';
import { ask } from './ask.ts';
import { containerOptions } from './container.ts';
import { Folders } from './folders.ts';
import { provideHostPath, restoreHost } from './host-paths.ts';
import { logLines } from './logs.ts';
import { deploymentLabel, fingerprintLabel, instanceName, specLabel, volumeName } from './names.ts';
import { containersOf, observe } from './observe.ts';
import { pullImage } from './pull.ts';
import { execIn } from './session.ts';
import { runTool } from './tool.ts';
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
    return (await ask(() => this.#docker.version())).Version;
  }

  readonly instanceName = instanceName;
  readonly nodeName = hostname;

  observe(deployment: string, desired: Desired | null): Promise<Observed> {
    return observe(this.#docker, deployment, desired);
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
  ): Promise<{ container: string; begun: boolean }> {
    const { container, made } = await this.#start(workload, instance, provision);
    return {
      container,
      begun: workload.needs.length === 0 || (!made && new Folders(provision.deployment).hasBegun(instance)),
    };
  }

  async refreshInstance(workload: Workload, instance: string, provision: Provision): Promise<void> {
    const { deployment, bundle, secret } = provision;
    const there = await this.#inspect(instance);
    if (!there) return;
    const folders = new Folders(deployment);
    folders.refresh(instance, bundle, secret);
    folders.outputs.note(instance, workload);
    if (there.State.Running && workload.start === 'kolla' && bundle) {
      // As kolla_start itself does it.
      const { code, output } = await captured((io) =>
        this.exec(deployment, instance, ['sudo', '-E', 'kolla_set_configs'], io),
      );
      if (code !== 0) {
        const last = output.trim().split('\n').at(-1) ?? '';
        throw new KollageError({ code: 'KLG-502', message: `${instance} does not take its files: ${last}` });
      }
    }
    folders.recordFingerprint(instance, there.Id, workload.fingerprint);
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
    const there = await this.#inspect(instance);
    if (there?.Config.Labels[deploymentLabel] !== deployment) return;
    const container = this.#docker.getContainer(instance);
    // Docker waits as long as the container's own stop time-out says, and then kills.
    await ask(() => ignoring([304, 404], () => container.stop()));
    // 409: someone else is removing it already; then it is waited for.
    await ask(() => ignoring([404, 409], () => container.remove({ force: true, v: true })));
    await ask(() => ignoring([404], () => container.wait({ condition: 'removed' })));
    new Folders(deployment).removeInstance(there.Name.replace(/^\//, ''));
    new Folders(deployment).forget(instance);
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

  runTool(tool: Tool, call: ToolCall, io: Io): Promise<number> {
    return runTool(this.#docker, tool, call, io);
  }

  async destroy(deployment: string, keep: { readonly data: boolean }): Promise<void> {
    const containers = await containersOf(this.#docker, deployment);
    await Promise.all(
      containers.map(async ({ Id }) => {
        // Who has no data to keep need not end gently; some would wait half a minute for those that go at the same time.
        if (!keep.data) await ask(() => ignoring([404, 409], () => this.#docker.getContainer(Id).kill()));
        await this.removeInstance(deployment, Id);
      }),
    );
    if (keep.data) return;
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

  /** Leaves one that runs with the right fingerprint as it is; one with another, or half made, gives way. Gives whether it was made. */
  async #start(
    process: Workload | Task,
    instance: string,
    provision: Provision,
  ): Promise<{ container: string; made: boolean }> {
    const { deployment, bundle, tasks, secret, needsTimeout, awaited = false } = provision;
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
    const fingerprint =
      there && (folders.fingerprintOf(instance, there.Id) ?? there.Config.Labels[fingerprintLabel]);
    if (there?.State.Running && fingerprint === process.fingerprint) {
      // One that still waits may wait for a task that has become another one since.
      const current = there.Config.Labels[specLabel] === print;
      if (current || folders.hasBegun(instance)) return { container: there.Id, made: false };
    }
    if (there) await this.removeInstance(deployment, instance);
    folders.forget(instance);
    for (const mount of process.mounts) if (mount.type === 'host') provideHostPath(folders, mount);
    const options = containerOptions(
      deployment,
      process,
      bundle,
      instance,
      folders.provide(instance, bundle, spec, secret),
      print,
      awaited,
    );
    if (process.kind === 'workload') folders.outputs.note(instance, process);
    const container = await ask(() => this.#docker.createContainer(options), process.image);
    await ask(() => container.start());
    // What was published since its files were written.
    if (process.kind === 'workload' && Object.keys(folders.outputs.outdated(instance)).length > 0) {
      folders.refresh(instance, bundle, secret);
      folders.outputs.note(instance, process);
    }
    return { container: container.id, made: true };
  }

  async #inspect(instance: string): Promise<Docker.ContainerInspectInfo | undefined> {
    return ask(() => ignoring([404], () => this.#docker.getContainer(instance).inspect()));
  }
}

/** What tells two specs of the start program apart. */
function specPrint(spec: object): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16);
}
