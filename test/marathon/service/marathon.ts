import type { Agent } from '../../mesos/agents.ts';
import type { Containerizer } from '../../mesos/containers.ts';
import type { AppDefinition, GroupDefinition } from '../schema.ts';
import { stamp } from './apps.ts';
import { Deployments } from './deployments.ts';
import { Driver, type Update } from './driver.ts';
import { EventStreams } from './events.ts';
import { HealthChecks } from './health.ts';
import { type Condition, type Instance, InstanceTracker, isActive, isScheduled } from './instances.ts';
import { LaunchQueue } from './launch-queue.ts';
import { type Plan, planOf } from './plan.ts';
import { allAt, empty, type Root, reverted, withApp, withGroup, withoutApp, withoutGroup } from './root.ts';

const conditions: Readonly<Record<string, Condition>> = {
  TASK_STAGING: 'Staging',
  TASK_STARTING: 'Starting',
  TASK_RUNNING: 'Running',
  TASK_KILLED: 'Killed',
  TASK_FINISHED: 'Finished',
  TASK_FAILED: 'Failed',
  TASK_ERROR: 'Error',
  TASK_UNREACHABLE: 'Unreachable',
};

/** Of what comes to these, another is launched later than the last (mesosphere/marathon, NotifyRateLimiterStepImpl.scala: limitWorthy). */
const limitWorthy: ReadonlySet<Condition> = new Set(['Error', 'Failed', 'Finished']);

/** What Mesos waits for a task to end after its stop signal (apache/mesos, src/slave/constants.hpp: DEFAULT_EXECUTOR_SHUTDOWN_GRACE_PERIOD). Seconds. */
const grace = 5;

/** Marathon without its HTTP interface: groups and apps as wanted, deployments that make them so, and what keeps them so. */
export class Marathon {
  readonly agents: readonly Agent[];
  readonly events = new EventStreams();
  readonly tracker = new InstanceTracker(this.events);
  readonly queue: LaunchQueue;
  readonly deployments: Deployments;
  readonly framework: string;
  /** The last task of each app that ended as it was not to (state/TaskFailure.scala). */
  readonly failures = new Map<string, object>();
  readonly #driver: Driver;
  readonly #health: HealthChecks;
  readonly #begun = stamp();
  #root: Root = empty;
  #last = 0;

  constructor(agents: readonly Agent[], containerizer: Containerizer, framework: string) {
    this.agents = agents;
    this.framework = framework;
    this.#driver = new Driver(containerizer, framework, (update) => this.#updated(update));
    this.queue = new LaunchQueue(agents, this.tracker, this.#driver);
    const kill = (instance: Instance) => this.#kill(instance);
    this.#health = new HealthChecks(this.tracker, this.#driver, this.events, kill);
    const decommission = (instance: Instance) => {
      this.tracker.decommission(instance);
      if (this.tracker.has(instance)) this.#kill(instance);
    };
    const means = { tracker: this.tracker, queue: this.queue, kill: decommission };
    this.deployments = new Deployments(means, this.events, this.#health);
    this.tracker.on('changed', (instance) => {
      if (limitWorthy.has(instance.condition)) this.queue.addDelay(instance.app);
      if (instance.condition === 'Running') this.queue.advanceDelay(instance.app);
    });
  }

  get root(): Root {
    return this.#root;
  }

  /** No two moments are the same, for they tell versions apart. */
  #now(): string {
    this.#last = Math.max(Date.now(), this.#last + 1);
    return stamp(this.#last);
  }

  putGroup(group: GroupDefinition, force: boolean): Plan {
    return this.#deploy((root, now) => withGroup(root, group, now), force);
  }

  removeGroup(id: string, force: boolean): Plan {
    return this.#deploy((root) => withoutGroup(root, id), force);
  }

  putApp(app: AppDefinition, force: boolean, sentenced?: readonly string[]): Plan {
    const dead = new Map(sentenced ? [[app.id, sentenced]] : []);
    return this.#deploy((root, now) => withApp(root, app, now), force, dead);
  }

  removeApp(id: string, force: boolean): Plan {
    return this.#deploy((root) => withoutApp(root, id), force);
  }

  /** api/v2/AppsResource.scala: restart. */
  restartApp(id: string, force: boolean): Plan {
    return this.#deploy((root, now) => {
      const app = root.apps.get(id);
      if (app === undefined) return root;
      const marked = { ...app, version: now, lastScalingAt: now, lastConfigChangeAt: now };
      return { groups: root.groups, apps: new Map(root.apps).set(id, marked) };
    }, force);
  }

  /** api/v2/DeploymentsResource.scala: cancel, without force. Groups get the version of when Marathon began (Group.scala: defaultVersion), and not the deployment's. */
  revert({ original, target }: Plan): Plan {
    return this.#deploy((root, now) => reverted(root, original, target, now), true, undefined, this.#begun);
  }

  /** Ends instances; they are launched again (api/TaskKiller.scala: kill). `wipe`: others in their place. */
  killInstances(instances: readonly Instance[], wipe: boolean): void {
    for (const instance of instances) {
      if (wipe) this.tracker.decommission(instance);
      this.#kill(instance);
      if (wipe && this.tracker.has(instance)) this.tracker.expunge(instance);
    }
    if (wipe) for (const app of new Set(instances.map((one) => one.app.id))) this.#fill(app);
  }

  /** An agent is not seen any more: what it ran may run still (core/instance/Instance.scala: InstanceState.transitionTo). */
  lose(agent: Agent): void {
    agent.reachable = false;
    for (const instance of this.tracker.all) {
      const { task, condition } = instance;
      if (task?.agent !== agent || !isActive(instance) || condition === 'Unreachable') continue;
      const message = `Agent ${agent.hostname} is unreachable`;
      this.tracker.update(instance, 'Unreachable', 'TASK_UNREACHABLE', message);
      const { unreachableStrategy: strategy } = instance.app;
      if (strategy === 'disabled') continue;
      const { inactiveAfterSeconds = 0, expungeAfterSeconds = 0 } = strategy;
      this.#after(instance, inactiveAfterSeconds, () => {
        this.tracker.inactivate(instance);
        this.#fill(instance.app.id);
      });
      this.#after(instance, expungeAfterSeconds, () => {
        this.tracker.expunge(instance);
        this.#fill(instance.app.id);
      });
    }
  }

  /** It is back, and so are those of its tasks that are still wanted; of those that have been replaced one too many goes. */
  back(agent: Agent): void {
    agent.reachable = true;
    this.#driver.back(agent);
    for (const id of this.#root.apps.keys()) this.#fill(id);
  }

  /** As long as `away` takes nobody leads; then deployments under way are begun anew (core/deployment/impl/DeploymentManagerActor.scala). */
  async changeLeader(away: () => Promise<void>): Promise<void> {
    this.queue.paused = true;
    this.#health.paused = true;
    this.events.cut();
    await this.deployments.restartAll(away);
    this.queue.paused = false;
    this.#health.paused = false;
  }

  async stop(): Promise<void> {
    this.queue.close();
    this.#health.close();
    await this.deployments.close();
    this.events.close();
    await this.#driver.stop();
  }

  #deploy(
    change: (root: Root, now: string) => Root,
    force: boolean,
    sentenced?: ReadonlyMap<string, readonly string[]>,
    version?: string,
  ): Plan {
    const now = this.#now();
    const target = allAt(change(this.#root, now), version ?? now);
    const plan = planOf(this.#root, target, now, sentenced);
    this.deployments.start(plan, force);
    this.#root = target;
    return plan;
  }

  #kill({ task, app }: Instance): void {
    if (task) this.#driver.kill(task.id, app.taskKillGracePeriodSeconds ?? grace);
  }

  #updated({ task, state, message }: Update): void {
    const instance = this.tracker.byTask(task);
    const condition = conditions[state];
    // What is not known, or any more, is not to run (core/task/update/impl/TaskStatusUpdateProcessorImpl.scala).
    if (instance === undefined || condition === undefined) {
      if (state === 'TASK_RUNNING') this.#driver.kill(task, grace);
      return;
    }
    this.tracker.update(instance, condition, state, message);
    if (['TASK_FAILED', 'TASK_ERROR'].includes(state)) this.#failed(instance, state, message);
    if (condition === 'Running' && instance.goal === 'Decommissioned') this.#kill(instance);
  }

  #failed({ app, task }: Instance, state: string, message: string): void {
    this.failures.set(app.id, {
      appId: app.id,
      host: task?.agent.hostname,
      message,
      state,
      taskId: task?.id,
      timestamp: stamp(),
      version: app.version,
      slaveId: task?.agent.id,
    });
  }

  /** As long as it has not been seen again. */
  #after(instance: Instance, seconds: number, act: () => void): void {
    const { task } = instance;
    const isStill = () =>
      this.tracker.has(instance) &&
      instance.task === task &&
      ['Unreachable', 'UnreachableInactive'].includes(instance.condition);
    const timer = setTimeout(() => {
      if (isStill()) act();
    }, seconds * 1000);
    timer.unref();
  }

  /** As many as wanted, where no deployment sees to that (MarathonSchedulerActor.scala: SchedulerActions.scale). */
  #fill(id: string): void {
    const app = this.#root.apps.get(id);
    if (app === undefined || this.deployments.locks(id)) return;
    const there = this.tracker
      .of(id)
      .filter((one) => one.goal === 'Running' && (isActive(one) || isScheduled(one)));
    this.queue.add(app, Math.max(0, app.instances - there.length));
    const extra = there
      .toSorted((one, other) => other.since - one.since)
      .slice(0, Math.max(0, there.length - app.instances));
    for (const instance of extra) {
      this.tracker.decommission(instance);
      if (this.tracker.has(instance)) this.#kill(instance);
    }
  }
}
