import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Agent } from '../../mesos/agents.ts';
import { type App, safePath, stamp } from './apps.ts';
import type { EventStreams } from './events.ts';

export type Goal = 'Running' | 'Decommissioned';

/** mesosphere/marathon, core/condition/Condition.scala, as far as it comes to that here. */
export type Condition =
  | 'Scheduled'
  | 'Provisioned'
  | 'Staging'
  | 'Starting'
  | 'Running'
  | 'Killed'
  | 'Finished'
  | 'Failed'
  | 'Error'
  | 'Unreachable'
  | 'UnreachableInactive';

const terminal: ReadonlySet<Condition> = new Set(['Killed', 'Finished', 'Failed', 'Error']);
const lost: ReadonlySet<Condition> = new Set(['Unreachable', 'UnreachableInactive']);

/** What Marathon keeps of a health check's outcomes (core/health/Health.scala). Times in milliseconds. */
export interface Health {
  readonly firstSuccess: number | null;
  readonly lastSuccess: number | null;
  readonly lastFailure: number | null;
  readonly lastFailureCause: string | null;
  readonly consecutiveFailures: number;
}

export const unknownHealth: Health = {
  firstSuccess: null,
  lastSuccess: null,
  lastFailure: null,
  lastFailureCause: null,
  consecutiveFailures: 0,
};

export function isAlive({ lastSuccess, lastFailure }: Health): boolean {
  return lastSuccess !== null && (lastFailure === null || lastSuccess > lastFailure);
}

export interface TaskEntry {
  readonly id: string;
  readonly agent: Agent;
  readonly ports: readonly number[];
  readonly stagedAt: number;
  startedAt: number | null;
  /** What Mesos told last. */
  status: { readonly state: string; readonly message: string };
}

export interface Instance {
  readonly id: string;
  readonly app: App;
  goal: Goal;
  condition: Condition;
  /** Milliseconds; when it came into its condition. */
  since: number;
  /** How often it was launched. */
  incarnation: number;
  task: TaskEntry | null;
  /** By health check, in their order. */
  readonly health: (Health | null)[];
}

/** core/task/termination/InstanceChangedPredicates.scala: terminal ones, and those that nobody can see. */
export function isOver({ condition }: Instance): boolean {
  return terminal.has(condition) || lost.has(condition);
}

export function isLost({ condition }: Instance): boolean {
  return lost.has(condition);
}

/** core/instance/Instance.scala: isScheduled. */
export function isScheduled({ goal, condition }: Instance): boolean {
  return goal === 'Running' && (terminal.has(condition) || condition === 'Scheduled');
}

export function isActive({ condition }: Instance): boolean {
  return ['Provisioned', 'Staging', 'Starting', 'Running', 'Unreachable'].includes(condition);
}

/** True, false, or null where a check has not told yet (core/health/impl/AppHealthCheckActor.scala: computeGlobalHealth). */
export function healthOf({ health }: Instance): boolean | null {
  if (health.every((one) => one !== null && isAlive(one))) return true;
  return health.some((one) => one === null) ? null : false;
}

/** core/instance/Instance.scala: consideredHealthy. */
export function isConsideredHealthy(instance: Instance): boolean {
  return instance.app.healthChecks.length === 0 || healthOf(instance) === true;
}

interface Changes {
  /** An instance came into another condition, got another goal, or has gone. */
  changed: [Instance];
  healthChanged: [Instance, boolean | null];
}

/** All instances, and what becomes of them; tells it to whoever is concerned, and as events. */
export class InstanceTracker extends EventEmitter<Changes> {
  readonly #instances = new Map<string, Instance>();
  readonly #events: EventStreams;

  constructor(events: EventStreams) {
    super();
    this.setMaxListeners(0);
    this.#events = events;
  }

  get all(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  of(app: string): readonly Instance[] {
    return this.all.filter((one) => one.app.id === app);
  }

  has({ id }: Instance): boolean {
    return this.#instances.has(id);
  }

  byTask(id: string): Instance | undefined {
    return this.all.find(({ task }) => task?.id === id);
  }

  schedule(app: App): Instance {
    const instance: Instance = {
      id: `${safePath(app.id)}.instance-${randomUUID()}`,
      app,
      goal: 'Running',
      condition: 'Scheduled',
      since: Date.now(),
      incarnation: 0,
      task: null,
      health: app.healthChecks.map(() => null),
    };
    this.#instances.set(instance.id, instance);
    this.#tell(instance);
    return instance;
  }

  /** The agent is asked to run it. Its number counts how often that was (core/task/Task.scala: TaskIdWithIncarnation). */
  provision(instance: Instance, agent: Agent, ports: readonly number[]): TaskEntry {
    instance.incarnation++;
    instance.health.fill(null);
    const task: TaskEntry = {
      id: `${instance.id}._app.${instance.incarnation}`,
      agent,
      ports,
      stagedAt: Date.now(),
      startedAt: null,
      status: { state: 'TASK_STAGING', message: '' },
    };
    instance.task = task;
    this.#become(instance, 'Provisioned');
    return task;
  }

  /** Mesos tells of a task (core/instance/update/InstanceChangedEventsGenerator.scala). */
  update(instance: Instance, condition: Condition, state: string, message = ''): void {
    const { task, app } = instance;
    if (task === null) return;
    task.status = { state, message };
    if (state === 'TASK_RUNNING') task.startedAt ??= Date.now();
    this.#events.publish('status_update_event', {
      slaveId: task.agent.id,
      taskId: task.id,
      taskStatus: state,
      message,
      appId: app.id,
      host: task.agent.hostname,
      ipAddresses: [{ ipAddress: task.agent.address, protocol: 'IPv4' }],
      ports: task.ports,
      version: app.version,
    });
    this.#become(instance, condition);
  }

  /** It is not seen for too long (core/instance/update/InstanceUpdater.scala). */
  inactivate(instance: Instance): void {
    this.#become(instance, 'UnreachableInactive');
  }

  decommission(instance: Instance): void {
    if (instance.goal === 'Decommissioned') return;
    instance.goal = 'Decommissioned';
    if (instance.task === null || terminal.has(instance.condition)) this.#instances.delete(instance.id);
    this.#tell(instance);
  }

  expunge(instance: Instance): void {
    this.#instances.delete(instance.id);
    instance.condition = 'Killed';
    this.#tell(instance);
  }

  setHealth(instance: Instance, check: number, health: Health): void {
    const before = healthOf(instance);
    instance.health[check] = health;
    const after = healthOf(instance);
    if (before === after) return;
    this.#events.publish('instance_health_changed_event', {
      instanceId: instance.id,
      runSpecId: instance.app.id,
      healthy: after,
      runSpecVersion: instance.app.version,
    });
    this.emit('healthChanged', instance, after);
  }

  #become(instance: Instance, condition: Condition): void {
    if (instance.condition === condition) return;
    instance.condition = condition;
    instance.since = Date.now();
    if (terminal.has(condition) && instance.goal === 'Decommissioned') this.#instances.delete(instance.id);
    this.#tell(instance);
  }

  #tell(instance: Instance): void {
    const { id, app, condition, task } = instance;
    this.#events.publish('instance_changed_event', {
      instanceId: id,
      condition,
      runSpecId: app.id,
      agentId: task?.agent.id ?? null,
      host: task?.agent.hostname ?? null,
      runSpecVersion: app.version,
    });
    this.emit('changed', instance);
  }
}

export function moment(milliseconds: number | null): string | null {
  return milliseconds === null ? null : stamp(milliseconds);
}
