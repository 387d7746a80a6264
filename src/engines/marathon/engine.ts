import type { DeploymentFile } from '../../model/deployment.ts';
import type { EngineTraits } from '../../model/loaded.ts';
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
import { captured, type Io } from '../io.ts';
import { Queues } from '../queues.ts';
import { apply, removeApp } from './apply.ts';
import { startFiles } from './boot.ts';
import { Cluster, type How, type Site, told } from './cluster.ts';
import { destroyAll } from './destroy.ts';
import { execIn } from './exec.ts';
import { logLines } from './logs.ts';
import { instancesOf, whyNot } from './looked.ts';
import { objectName, rolesAttribute } from './names.ts';
import { observe } from './observe.ts';
import { request } from './reach.ts';
import { Runs } from './runs.ts';
import { appsOf, workloadOf } from './shapes.ts';
import { runTool } from './tool.ts';
import { marathon } from './traits.ts';
import { removeVolumes } from './volumes.ts';
import { watchMarathon } from './watch.ts';

/** Marathon on Mesos, or in DC/OS: a deployment is a group, a workload an app, a task a task of Mesos; what they need to know of each other lies in ZooKeeper. */
export class MarathonEngine implements Engine {
  readonly traits: EngineTraits;
  readonly #cluster: Cluster;
  readonly #runs = new Map<string, Runs>();
  readonly #queues = new Queues();
  /** What containers rest on in ZooKeeper, made once. */
  readonly #bases = new Map<string, Promise<void>>();

  constructor(
    settings: DeploymentFile['engine'],
    { traits = marathon, ...how }: How & { readonly traits?: EngineTraits } = {},
  ) {
    this.traits = traits;
    this.#cluster = new Cluster(settings, how);
  }

  version(): Promise<string> {
    return this.#cluster.any(async (marathon, mesos, signal) => {
      const [info] = await Promise.all([marathon.look('/v2/info', signal), mesos.agents()]);
      return String((info as { version?: unknown } | null)?.version ?? 'unknown');
    });
  }

  nodes({ deployment }: Pick<Desired, 'deployment'>): Promise<readonly EngineNode[]> {
    return this.#cluster.any(async (_, mesos) =>
      (await mesos.agents()).map(({ hostname, active, attributes, memory, cpus }) => {
        const said = attributes[rolesAttribute];
        return {
          name: hostname,
          roles: said === undefined || deployment === '' ? null : said.split('/'),
          why: active ? null : 'its master does not hear of it',
          memory,
          cpus,
        };
      }),
    );
  }

  /** Tasks have names of their own; this is what their workload or one-time task is called. */
  instanceName(_deployment: string, id: string): string {
    return objectName(id);
  }

  nodeName(node: string): string {
    return node;
  }

  observe(deployment: string, desired: Desired | null, applied: Applied | null = null): Promise<Observed> {
    return this.#ask(deployment, (site) => observe(site, desired, applied?.desired ?? null));
  }

  /** Agents pull what they run by themselves, and a task tells what they cannot have. */
  async pullImage(): Promise<void> {}

  /** Docker makes a volume when a container first mounts it; that there is one is written down. */
  async makeVolume(deployment: string, volume: Volume): Promise<void> {
    await this.#make(deployment, ({ records }) => records.keep('volumes', volume.id, volume.each));
  }

  async removeVolume(deployment: string, id: string): Promise<void> {
    await this.#ask(deployment, async (site) => {
      await removeVolumes(site, this.#runsOf(site), deployment, [id]);
      await site.records.keep('volumes', id, null);
    });
  }

  readonly whole: Whole = {
    apply: (workload, provision) =>
      this.#make(provision.deployment, (site) =>
        apply(site, workload, provision, (id, why) => {
          const instance = objectName(id);
          this.#queues.tell(site.deployment, { type: 'trouble', instance, of: instance, why, fatal: false });
        }),
      ),

    remove: (deployment, id) => this.#ask(deployment, (site) => removeApp(site, id)),

    instances: (deployment, workload) =>
      this.#ask(deployment, async (site) => {
        const apps = (await appsOf(site)).filter((app) => workload === null || workloadOf(app) === workload);
        const all = apps.map(async (app) =>
          (await instancesOf(site, app)).map((one) => ({
            name: one.task.id,
            workload: workloadOf(app) ?? '',
            node: one.task.host ?? null,
            why: whyNot(one),
            going: !one.isCurrent,
          })),
        );
        return (await Promise.all(all)).flat();
      }),

    request: (url, options) => request(this.#cluster.known, url, options),
  };

  async startInstance(
    workload: Workload,
    _instance: string,
    provision: Provision,
  ): Promise<{ container: string; begun: boolean }> {
    const { attempt, settled } = await this.whole.apply(workload, provision);
    return { container: attempt, begun: settled };
  }

  /** A task's files are its own from its start: what is to have others is made anew. */
  async refreshInstance(workload: Workload, _instance: string, provision: Provision): Promise<void> {
    await this.whole.apply(workload, provision);
  }

  async publish(deployment: string, id: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.#make(deployment, ({ records }) => records.publish(id, values));
  }

  async signalInstance(deployment: string, instance: string, signal: string): Promise<void> {
    await captured((io) =>
      this.exec(deployment, instance, ['kill', '-s', signal.replace(/^SIG/, ''), '1'], io),
    );
  }

  /** A task by its own name, in whose place Marathon makes another; a workload or the runs of a one-time task by theirs. */
  async removeInstance(deployment: string, instance: string): Promise<void> {
    await this.#ask(deployment, async (site) => {
      for (const app of await appsOf(site)) {
        const workload = workloadOf(app);
        if (app.tasks.some(({ id }) => id === instance))
          return site.marathon.killTask(app.id, instance, site.signal);
        if (workload !== null && objectName(workload) === instance) return removeApp(site, workload);
      }
      return this.#runsOf(site).removeNamed(instance);
    });
  }

  startTask(task: Task, provision: Provision): Promise<string> {
    return this.#make(provision.deployment, (site) => this.#runsOf(site).start(task, provision));
  }

  recordTask(deployment: string, { id, fingerprint, unless }: Task): Promise<boolean> {
    return this.#make(deployment, async ({ records }) => {
      if (!unless || (await records.outputs(unless.output))[unless.key] !== unless.is) return false;
      await records.recordDone(id, fingerprint);
      return true;
    });
  }

  async forgetTask(deployment: string, id: string, fingerprint: string): Promise<void> {
    await this.#ask(deployment, ({ records }) => records.forgetTask(id, fingerprint));
  }

  async *watch(deployment: string, signal: AbortSignal): AsyncIterable<EngineEvent> {
    const site = await this.#make(deployment, async (found) => found);
    try {
      yield* this.#queues.with(deployment, (ready) => watchMarathon(site, signal, ready));
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
    try {
      const site = await this.#cluster.site(deployment);
      yield* logLines(site, this.#runsOf(site), instance, query, signal);
    } catch (error) {
      throw told(error);
    }
  }

  exec(deployment: string, instance: string, command: readonly string[], io: Io): Promise<number> {
    return this.#ask(deployment, (site) => execIn(site, this.#runsOf(site), instance, command, io));
  }

  runTool(tool: Tool, call: ToolCall, io: Io): Promise<number> {
    return this.#make(call.deployment, (site) => runTool(site, this.#runsOf(site), tool, call, io));
  }

  async destroy(deployment: string, keep: { readonly data: boolean }): Promise<void> {
    this.#bases.clear();
    await this.#ask(deployment, (site) => destroyAll(site, this.#runsOf(site), keep));
  }

  /** To look, and to take away. */
  #ask<T>(deployment: string, act: (site: Site) => Promise<T>): Promise<T> {
    return this.#cluster.ask(deployment, act);
  }

  /** To make something, with what containers read and write in ZooKeeper there. */
  #make<T>(deployment: string, act: (site: Site) => Promise<T>): Promise<T> {
    return this.#cluster.ask(deployment, async (site) => {
      const base = this.#bases.get(deployment) ?? site.znodes.prepare(startFiles());
      this.#bases.set(deployment, base);
      base.catch(() => this.#bases.delete(deployment));
      await base;
      return act(site);
    });
  }

  #runsOf(site: Site): Runs {
    const there = this.#runs.get(site.deployment);
    const runs = there ?? new Runs(site, (event) => this.#queues.tell(site.deployment, event));
    this.#runs.set(site.deployment, runs);
    return runs;
  }
}
