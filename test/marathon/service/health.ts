import type { App } from './apps.ts';
import { stamp } from './apps.ts';
import type { Driver } from './driver.ts';
import type { EventStreams } from './events.ts';
import { type Health, type Instance, type InstanceTracker, isAlive, unknownHealth } from './instances.ts';
import { type HealthCheck, probe } from './probe.ts';

/** core/health/HealthCheck.scala: DefaultFirstHealthCheckAfter. Milliseconds. */
const firstAfter = 5000;

/** Whether an agent asks, and not Marathon (core/health/HealthCheck.scala: MesosHealthCheck). */
export function isOfMesos({ protocol = 'HTTP', command }: HealthCheck): boolean {
  return command !== undefined || protocol === 'COMMAND' || protocol.startsWith('MESOS_');
}

/** Asks instances how they are: Marathon all of a version at once, in turns of that version's own; agents their tasks, each from its beginning. */
export class HealthChecks {
  readonly #tracker: InstanceTracker;
  readonly #driver: Driver;
  readonly #events: EventStreams;
  readonly #kill: (instance: Instance) => void;
  readonly #timers = new Map<string, NodeJS.Timeout[]>();
  readonly #agents = new Map<string, NodeJS.Timeout>();
  /** As long as nobody leads, Marathon asks nobody. */
  paused = false;

  constructor(
    tracker: InstanceTracker,
    driver: Driver,
    events: EventStreams,
    kill: (instance: Instance) => void,
  ) {
    this.#tracker = tracker;
    this.#driver = driver;
    this.#events = events;
    this.#kill = kill;
    tracker.on('changed', (instance) => {
      if (instance.condition === 'Running') this.#watchOnAgent(instance);
    });
  }

  close(): void {
    for (const timers of this.#timers.values()) for (const timer of timers) clearInterval(timer);
    for (const timer of this.#agents.values()) clearInterval(timer);
  }

  /** From now on this version of an app is asked (core/health/impl/HealthCheckActor.scala: preStart). */
  addAll(app: App): void {
    const key = `${app.id} ${app.version}`;
    if (this.#timers.has(key)) return;
    const timers: NodeJS.Timeout[] = [];
    this.#timers.set(key, timers);
    app.healthChecks.forEach((check, at) => {
      if (isOfMesos(check)) return;
      const interval = (check.intervalSeconds ?? 60) * 1000;
      const ask = () => this.#ask(app, check, at);
      const first = setTimeout(
        () => {
          ask();
          timers.push(setInterval(ask, interval));
        },
        Math.min(interval, firstAfter),
      );
      timers.push(first);
    });
  }

  removeAll(app: string): void {
    for (const [key, timers] of this.#timers) {
      if (!key.startsWith(`${app} `)) continue;
      for (const timer of timers) clearInterval(timer);
      this.#timers.delete(key);
    }
  }

  #ask(app: App, check: HealthCheck, at: number): void {
    if (this.paused) return;
    for (const instance of this.#tracker.of(app.id)) {
      const { task } = instance;
      if (instance.app.version !== app.version || instance.condition !== 'Running' || task === null) continue;
      void probe(check, task).then((wrong) => {
        if (wrong !== undefined && instance.task === task && this.#tracker.has(instance))
          this.#heard(instance, check, at, wrong);
      });
    }
  }

  /** core/health/impl/HealthCheckActor.scala: handleHealthResult. */
  #heard(instance: Instance, check: HealthCheck, at: number, wrong: string | null): void {
    const before = instance.health[at] ?? unknownHealth;
    const now = Date.now();
    let after: Health;
    if (wrong === null)
      after = {
        ...before,
        firstSuccess: before.firstSuccess ?? now,
        lastSuccess: now,
        consecutiveFailures: 0,
      };
    else {
      if (isIgnored(instance, before, check)) {
        this.#set(instance, at, before, before);
        return;
      }
      // It is called a task there, and is an instance (api/v2/json/Formats.scala: FailedHealthCheckWrites).
      this.#events.publish('failed_health_check_event', {
        appId: instance.app.id,
        taskId: instance.id,
        healthCheck: check,
      });
      // Before the failure counts, as there: it is one more than the number that ends an instance.
      this.#judge(instance, check, before);
      const consecutiveFailures = before.consecutiveFailures + 1;
      after = { ...before, lastFailure: now, lastFailureCause: wrong, consecutiveFailures };
    }
    this.#set(instance, at, before, after);
  }

  #set(instance: Instance, at: number, before: Health, after: Health): void {
    if (isAlive(before) !== isAlive(after))
      this.#events.publish('health_status_changed_event', {
        appId: instance.app.id,
        instanceId: instance.id,
        version: instance.app.version,
        alive: isAlive(after),
      });
    this.#tracker.setHealth(instance, at, after);
  }

  /** checkConsecutiveFailures: nobody kills what cannot be seen. */
  #judge(instance: Instance, { maxConsecutiveFailures = 3 }: HealthCheck, health: Health): void {
    const { task, app } = instance;
    if (maxConsecutiveFailures === 0 || health.consecutiveFailures < maxConsecutiveFailures) return;
    if (task === null || !task.agent.reachable) return;
    this.#events.publish('unhealthy_instance_kill_event', {
      appId: app.id,
      taskId: task.id,
      instanceId: instance.id,
      version: app.version,
      reason: health.lastFailureCause ?? 'unknown',
      host: task.agent.hostname,
      slaveId: task.agent.id,
      timestamp: stamp(health.lastFailure ?? Date.now()),
    });
    this.#kill(instance);
  }

  /** A check that the task's executor makes (apache/mesos, src/checks/checker_process.cpp, health_checker.cpp). */
  #watchOnAgent(instance: Instance): void {
    const { task, app } = instance;
    const at = app.healthChecks.findIndex(isOfMesos);
    const check = app.healthChecks[at];
    if (task === null || check === undefined || this.#agents.has(task.id)) return;
    const begun = Date.now();
    let failures = 0;
    let isNew = true;
    const over = () => {
      clearTimeout(this.#agents.get(task.id));
      this.#agents.delete(task.id);
    };
    const look = async () => {
      const line = check.command?.value ?? '';
      const code = await this.#driver.shell(task.id, line, check.timeoutSeconds ?? 20).catch(() => null);
      if (instance.task !== task || instance.condition !== 'Running' || !this.#tracker.has(instance))
        return over();
      if (code === 0) {
        if (isNew || failures > 0) this.#told(instance, at, null);
        isNew = false;
        failures = 0;
      } else if (!isNew || Date.now() - begun > (check.gracePeriodSeconds ?? 300) * 1000) {
        failures++;
        this.#told(instance, at, code === null ? 'Command timed out' : `Command exited with status ${code}`);
        if (failures >= (check.maxConsecutiveFailures ?? 3)) {
          over();
          return this.#kill(instance);
        }
      }
      this.#agents.set(task.id, setTimeout(look, (check.intervalSeconds ?? 60) * 1000));
    };
    this.#agents.set(task.id, setTimeout(look, (check.delaySeconds ?? 15) * 1000));
  }

  /** A status of Mesos' that says how a task is (core/health/impl/MarathonHealthCheckManager.scala: update). */
  #told(instance: Instance, at: number, wrong: string | null): void {
    const before = instance.health[at] ?? unknownHealth;
    const now = Date.now();
    this.#set(
      instance,
      at,
      before,
      wrong === null
        ? { ...before, firstSuccess: before.firstSuccess ?? now, lastSuccess: now, consecutiveFailures: 0 }
        : {
            ...before,
            lastFailure: now,
            lastFailureCause: wrong,
            consecutiveFailures: before.consecutiveFailures + 1,
          },
    );
  }
}

/** Within the grace period, until its first success (ignoreFailures). */
function isIgnored(instance: Instance, health: Health, check: HealthCheck): boolean {
  if (instance.condition !== 'Running') return true;
  const grace = (check.gracePeriodSeconds ?? 300) * 1000;
  return health.firstSuccess === null && instance.since + grace > Date.now();
}
