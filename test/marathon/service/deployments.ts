import { type Means, restart, scale, stop } from './actions.ts';
import type { EventStreams } from './events.ts';
import type { HealthChecks } from './health.ts';
import type { Action, Plan } from './plan.ts';

/** Others are changing the same apps (mesosphere/marathon, Exception.scala: AppLockedException). */
export class LockedError extends Error {
  override readonly name = 'LockedError';
  readonly deployments: readonly string[];

  constructor(deployments: readonly string[]) {
    super(
      "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
    );
    this.deployments = deployments;
  }
}

interface Running {
  readonly plan: Plan;
  readonly abort: AbortController;
  step: number;
  actions: readonly Action[];
  ended: Promise<void>;
}

/** Carries out deployments, one at a time for each app (core/deployment/impl/DeploymentManagerActor.scala, DeploymentActor.scala). */
export class Deployments {
  readonly #means: Means;
  readonly #events: EventStreams;
  readonly #health: HealthChecks;
  readonly #running = new Map<string, Running>();
  #closed = false;

  constructor(means: Means, events: EventStreams, health: HealthChecks) {
    this.#means = means;
    this.#events = events;
    this.#health = health;
  }

  get running(): readonly Readonly<Omit<Running, 'abort' | 'ended'>>[] {
    return [...this.#running.values()];
  }

  plan(id: string): Plan | undefined {
    return this.#running.get(id)?.plan;
  }

  locks(app: string): boolean {
    return this.#conflicts(new Set([app])).length > 0;
  }

  /** Throws LockedError where others are under way and it is not forced; those are given up then. */
  start(plan: Plan, force: boolean): void {
    const conflicts = this.#conflicts(plan.affected);
    if (conflicts.length > 0 && !force) throw new LockedError(conflicts.map(({ plan }) => plan.id));
    const given = conflicts.map((one) => this.#cancel(one));
    const running: Running = {
      plan,
      abort: new AbortController(),
      step: 0,
      actions: [],
      ended: Promise.resolve(),
    };
    this.#running.set(plan.id, running);
    running.ended = Promise.all(given).then(() => this.#run(running));
  }

  /** Gives one up where it is; nothing is taken back. */
  cancel(id: string): void {
    const running = this.#running.get(id);
    if (running) void this.#cancel(running);
  }

  /** Whoever leads next begins all that are under way anew. */
  async restartAll(lead: () => Promise<void>): Promise<void> {
    const all = [...this.#running.values()];
    this.#closed = true;
    await Promise.all(all.map((one) => this.#cancel(one)));
    await lead();
    this.#closed = false;
    for (const { plan } of all) this.start(plan, true);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.values()].map((one) => this.#cancel(one)));
  }

  #conflicts(apps: ReadonlySet<string>): Running[] {
    return [...this.#running.values()].filter(({ plan }) => [...plan.affected].some((app) => apps.has(app)));
  }

  async #cancel(running: Running): Promise<void> {
    running.abort.abort(new Error('The upgrade has been cancelled'));
    await running.ended;
  }

  async #run(running: Running): Promise<void> {
    const { plan, abort } = running;
    const told = planInfo(plan);
    try {
      for (const actions of plan.steps) {
        abort.signal.throwIfAborted();
        running.step++;
        running.actions = actions;
        const currentStep = stepInfo(actions);
        this.#events.publish('deployment_info', { plan: told, currentStep });
        try {
          await Promise.all(actions.map((action) => this.#act(action, abort.signal)));
        } catch (error) {
          if (!this.#closed) this.#events.publish('deployment_step_failure', { plan: told, currentStep });
          throw error;
        }
        this.#events.publish('deployment_step_success', { plan: told, currentStep });
      }
      this.#running.delete(plan.id);
      this.#events.publish('deployment_success', { id: plan.id, plan: told });
    } catch (error) {
      this.#running.delete(plan.id);
      if (this.#closed) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#events.publish('deployment_failed', { id: plan.id, plan: told, reason });
    }
  }

  async #act(action: Action, signal: AbortSignal): Promise<void> {
    const { app } = action;
    if (action.action !== 'StopApplication') this.#health.addAll(app);
    if (action.action === 'ScaleApplication') await scale(this.#means, action, signal);
    else if (action.action === 'RestartApplication') await restart(this.#means, action, signal);
    else if (action.action === 'StopApplication') {
      this.#health.removeAll(app.id);
      await stop(this.#means, app, signal);
      this.#events.publish('app_terminated_event', { appId: app.id });
    }
  }
}

/** raml/DeploymentPlanConversion.scala. */
export function planInfo({ id, version, steps }: Plan): object {
  return { id, version, steps: steps.map(stepInfo) };
}

export function stepInfo(actions: readonly Action[]): object {
  return { actions: actions.map(({ action, app }) => ({ action, app: app.id })) };
}
