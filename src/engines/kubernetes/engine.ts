import type { KubernetesClient } from '../../kubernetes/client.ts';
import { telling, told } from '../../kubernetes/errors.ts';
import type { DeploymentFile } from '../../model/deployment.ts';
import type { Observed } from '../../model/plan.ts';
import type { Desired, Task, Tool, Volume, Workload } from '../../model/resource.ts';
import type {
  Applied,
  Engine,
  EngineEvent,
  EngineNode,
  LogQuery,
  Provision,
  ToolCall,
  Whole,
} from '../engine.ts';
import type { Io } from '../io.ts';
import { Queues } from '../queues.ts';
import { applyAll } from './apply.ts';
import { makeBase, makeSecrets, needVolumes, scopeFor } from './base.ts';
import { Cluster, type How } from './cluster.ts';
import { destroyAll, gone } from './destroy.ts';
import { execIn } from './exec.ts';
import { renewalOf } from './filled.ts';
import { removeFormer, removeFormerMaker } from './former.ts';
import { logLines } from './logs.ts';
import { jobName, label, objectName, only } from './names.ts';
import { clusterNodes } from './nodes.ts';
import { observe } from './observe.ts';
import { containersOf, podOf, wholeInstances } from './pods.ts';
import { request } from './reach.ts';
import { claimName, claims, ownVolumes } from './render/claims.ts';
import { controller, workloadObjects } from './render/controller.ts';
import { registerKey } from './render/manifests.ts';
import { RenderScope } from './render/scope.ts';
import { attemptOf, isSettled } from './rollout.ts';
import { controllerKinds, controllerShape } from './shapes.ts';
import { makeWay, renewIdle } from './stateful.ts';
import { needClass } from './storage.ts';
import { recordTask, removeJob, removeRuns, startTask } from './task.ts';
import { runTool } from './tool.ts';
import { kubernetes as traits } from './traits.ts';
import { watchCluster } from './watch.ts';

/** Kubernetes: a deployment is a namespace, a workload is a Deployment, StatefulSet or DaemonSet, a task is a Job. */
export class KubernetesEngine implements Engine {
  readonly traits = traits;
  readonly #cluster: Cluster;
  /** What pods rest on, made once for each state of a deployment. */
  readonly #bases = new Map<string, Promise<void>>();
  readonly #queues = new Queues();

  constructor(settings: DeploymentFile['engine'], how: How = {}) {
    this.#cluster = new Cluster(settings, how);
  }

  version(): Promise<string> {
    return telling(async () => (await this.#cluster.client()).version());
  }

  nodes({ deployment }: Pick<Desired, 'deployment'>): Promise<readonly EngineNode[]> {
    return this.#cluster.ask(deployment, (client) => clusterNodes(client, deployment));
  }

  /** Pods have names of their own; this is what their workload or task is called. */
  instanceName(_deployment: string, id: string): string {
    return objectName(id);
  }

  nodeName(node: string): string {
    return node;
  }

  observe(deployment: string, desired: Desired | null, applied: Applied | null = null): Promise<Observed> {
    const settings = this.#cluster.settings(deployment);
    return this.#cluster.ask(deployment, (client) =>
      observe(client, settings, deployment, desired, applied?.desired ?? null),
    );
  }

  /** Nodes pull what they run by themselves, and a pod tells what they cannot have. */
  async pullImage(): Promise<void> {}

  async makeVolume(deployment: string, volume: Volume, desired?: Desired): Promise<void> {
    if (!desired) return;
    await this.#cluster.ask(deployment, async (client) => {
      await this.#base(client, desired);
      const settings = this.#cluster.settings(deployment);
      const scope = new RenderScope({ desired, settings, start: {} });
      await needClass(client, scope, volume);
      await applyAll(client, deployment, claims(scope, volume));
    });
  }

  async removeVolume(deployment: string, id: string): Promise<void> {
    await this.#cluster.ask(deployment, async (client, namespace) => {
      const labels = `${label.deployment}=${deployment},${label.volume}=${objectName(id)}`;
      await client.remove({ kind: 'PersistentVolumeClaim', namespace, name: claimName({ id }) });
      await client.removeAll({ kind: 'PersistentVolumeClaim', namespace }, { labels });
    });
  }

  readonly whole: Whole = {
    apply: (workload, provision) =>
      this.#cluster.ask(provision.deployment, (client) => this.#apply(client, workload, provision)),

    remove: (deployment, id) =>
      this.#cluster.ask(deployment, (client, namespace) =>
        this.#removeWorkload(client, deployment, namespace, objectName(id)),
      ),

    instances: (deployment, workload) =>
      this.#cluster.ask(deployment, (client, namespace) =>
        wholeInstances(client, namespace, deployment, workload),
      ),

    request: async (url, options) => request(await this.#cluster.client(), url, options),
  };

  async startInstance(
    workload: Workload,
    _instance: string,
    provision: Provision,
  ): Promise<{ container: string; begun: boolean }> {
    const { attempt, settled } = await this.whole.apply(workload, provision);
    return { container: attempt, begun: settled };
  }

  /** A pod's files are its own from its start: what is to have others is made anew. */
  async refreshInstance(workload: Workload, _instance: string, provision: Provision): Promise<void> {
    await this.whole.apply(workload, provision);
  }

  async publish(deployment: string, id: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.#cluster.ask(deployment, (client, namespace) =>
      client.patch(
        { kind: 'ConfigMap', namespace, name: only.outputs },
        { data: { [registerKey(id)]: JSON.stringify(values) } },
      ),
    );
  }

  async signalInstance(deployment: string, instance: string, signal: string): Promise<void> {
    await this.#cluster.ask(deployment, async (client, namespace) => {
      const pod = await podOf(client, namespace, deployment, instance);
      const { main } = containersOf(pod);
      const io = { stdin: null, stdout: process.stderr, stderr: process.stderr, terminal: null };
      const command = ['kill', '-s', signal.replace(/^SIG/, ''), '1'];
      await execIn(client, namespace, pod.metadata.name, main, command, {
        ...io,
        interrupt: new AbortController().signal,
      });
    });
  }

  /** A pod by its name, which its workload makes anew; a workload or the Jobs of a task by theirs. */
  async removeInstance(deployment: string, instance: string): Promise<void> {
    await this.#cluster.ask(deployment, async (client, namespace) => {
      const pod = await client.get({ kind: 'Pod', namespace, name: instance });
      if (pod?.metadata.labels?.[label.deployment] === deployment)
        return client.remove({ kind: 'Pod', namespace, name: instance });
      await removeRuns(client, namespace, deployment, instance);
      await this.#removeWorkload(client, deployment, namespace, instance);
    });
  }

  startTask(task: Task, provision: Provision): Promise<string> {
    const { deployment } = provision;
    return this.#cluster.ask(deployment, async (client) => {
      if (provision.desired) await this.#base(client, provision.desired);
      const { container, isDone } = await startTask(
        client,
        this.#cluster.settings(deployment),
        task,
        provision,
      );
      const instance = objectName(task.id);
      // Nobody hears of the end of what ended before.
      if (isDone)
        this.#queues.tell(deployment, { type: 'exited', instance, of: instance, container, code: 0 });
      return container;
    });
  }

  recordTask(deployment: string, task: Task): Promise<boolean> {
    return this.#cluster.ask(deployment, (client) =>
      recordTask(client, this.#cluster.settings(deployment), deployment, task),
    );
  }

  async forgetTask(deployment: string, id: string, fingerprint: string): Promise<void> {
    await this.#cluster.ask(deployment, (client, namespace) =>
      removeJob(client, namespace, jobName(id, fingerprint)),
    );
  }

  async *watch(deployment: string, signal: AbortSignal): AsyncIterable<EngineEvent> {
    const { namespace } = this.#cluster.settings(deployment);
    try {
      const client = await this.#cluster.client();
      yield* this.#queues.with(deployment, (ready) =>
        watchCluster(client, deployment, namespace, signal, ready),
      );
    } catch (error) {
      throw told(error);
    }
  }

  async *logs(
    deployment: string,
    instance: string,
    query: LogQuery,
    signal: AbortSignal,
  ): AsyncIterable<string> {
    const { namespace } = this.#cluster.settings(deployment);
    yield* logLines(await this.#cluster.client(), namespace, deployment, instance, query, signal);
  }

  exec(deployment: string, instance: string, command: readonly string[], io: Io): Promise<number> {
    return this.#cluster.ask(deployment, async (client, namespace) => {
      const pod = await podOf(client, namespace, deployment, instance);
      return execIn(client, namespace, pod.metadata.name, containersOf(pod).main, command, io);
    });
  }

  runTool(tool: Tool, call: ToolCall, io: Io): Promise<number> {
    return this.#cluster.ask(call.deployment, (client) =>
      runTool(client, this.#cluster.settings(call.deployment), tool, call, io),
    );
  }

  async destroy(deployment: string, keep: { readonly data: boolean }): Promise<void> {
    this.#bases.clear();
    await this.#cluster.ask(deployment, (client, namespace) =>
      destroyAll(client, deployment, namespace, keep),
    );
  }

  /** Once for each state, however many ask for it at the same time. */
  #base(client: KubernetesClient, desired: Desired): Promise<void> {
    const key = `${desired.deployment} ${desired.fingerprint}`;
    const there = this.#bases.get(key);
    if (there) return there;
    const made = makeBase(client, this.#cluster.settings(desired.deployment), desired);
    this.#bases.clear();
    this.#bases.set(key, made);
    made.catch(() => this.#bases.delete(key));
    return made;
  }

  async #apply(
    client: KubernetesClient,
    workload: Workload,
    provision: Provision,
  ): Promise<{ attempt: string; settled: boolean }> {
    const { deployment, desired, secret } = provision;
    if (desired) await this.#base(client, desired);
    const scope = scopeFor(this.#cluster.settings(deployment), workload, provision);
    await needVolumes(client, scope, workload);
    await makeSecrets(client, scope, workload, secret);
    const wanted = controller(scope, workload);
    const { namespace } = scope.settings;
    const renewed = await renewalOf(client, { deployment, namespace }, workload, wanted.kind);
    const objects = workloadObjects(scope, workload, renewed);
    const applied = { deployment, namespace, workload: objectName(workload.id), objects };
    await removeFormerMaker(client, applied);
    await makeWay(client, wanted);
    const own = ownVolumes(scope, workload).flatMap((volume) => claims(scope, volume));
    const made = await applyAll(client, deployment, [...own, ...objects]);
    await renewIdle(client, wanted, workload);
    await removeFormer(client, applied);
    const live = controllerShape.parse(made.find(({ kind }) => kind === wanted.kind));
    return { attempt: attemptOf(live), settled: isSettled(live) };
  }

  async #removeWorkload(
    client: KubernetesClient,
    deployment: string,
    namespace: string,
    name: string,
  ): Promise<void> {
    const labels = `${label.deployment}=${deployment},${label.workload}=${name}`;
    for (const kind of [...controllerKinds, 'Service', 'PodDisruptionBudget', 'NetworkPolicy'] as const)
      await client.removeAll({ kind, namespace }, { labels });
    await gone(client, 'Pod', namespace, labels);
    await client.removeAll({ kind: 'ConfigMap', namespace }, { labels });
  }
}
