import { setTimeout as pause } from 'node:timers/promises';
import type { Engine, Provision } from '../engines/engine.ts';
import { KollageError } from '../model/error.ts';
import type { InstanceRef, KollageEvent } from '../model/event.ts';
import { Limit } from '../model/limit.ts';
import type { Change, Plan } from '../model/plan.ts';
import {
  type Desired,
  keyOf,
  type Resource,
  type ResourceKey,
  type Task,
  type Workload,
} from '../model/resource.ts';
import { assign } from '../plan/instances.ts';
import { allOrFirst } from './all-or-first.ts';
import { graceOf, Health } from './health.ts';
import { Watched } from './watched.ts';

export interface Execution {
  readonly plan: Plan;
  readonly desired: Desired;
  readonly engine: Engine;
  /** Whether workloads that the plan leaves alone are waited for too: after a run that did not end well some may still be coming up. */
  readonly settle: boolean;
  readonly secret: (name: string) => string | undefined;
  readonly emit: (event: KollageEvent) => void;
  readonly signal: AbortSignal;
}

/** Operations that the engine is asked for at once; more do not make it faster. */
const atOnce = 8;
/**
 * Milliseconds between two probes of one instance, and that one probe may take. A server works off the questions that nobody waits for any
 * more, and so is later still where it is asked anew too early.
 */
const probeEvery = 200;
const probeTimeout = 30_000;
/** Seconds that a start program may be late with giving up what it needs: a container that somebody removed tells nothing. */
const late = 60;
/** So often may a workload's process die while it is brought up, before that is called a failure. */
const deaths = 3;

/**
 * Carries out a plan: every container is made at the same time and waits inside for what it needs; it is done when every changed workload
 * is healthy and every task has ended well. Throws the first failure (KLG-504, KLG-505); what was begun is then left as it is, and
 * running it again goes on.
 */
export async function execute(execution: Execution): Promise<void> {
  const run = new Run(execution);
  await run.all();
}

class Run {
  readonly #x: Execution;
  readonly #stop = new AbortController();
  readonly #until: AbortSignal;
  readonly #watched: Watched;
  readonly #resources: ReadonlyMap<ResourceKey, Resource>;
  readonly #gate = new Limit(atOnce);
  readonly #health: Health;
  /** Seconds in which a process must have begun. */
  readonly #patience: number;

  constructor(execution: Execution) {
    this.#x = execution;
    this.#patience = execution.desired.timeouts.needs + late;
    this.#until = AbortSignal.any([execution.signal, this.#stop.signal]);
    this.#watched = new Watched(execution.engine.watch(execution.desired.deployment, this.#until));
    this.#resources = new Map(execution.desired.resources.map((resource) => [keyOf(resource), resource]));
    const { engine, desired, secret } = execution;
    this.#health = new Health({ engine, desired, secret, patience: probeTimeout });
  }

  async all(): Promise<void> {
    const { plan, engine, desired } = this.#x;
    const changes = plan.changes.filter(({ action }) => action !== 'delete');
    try {
      for (const { key } of changes) {
        const resource = this.#resources.get(key);
        if (resource?.kind === 'volume') await engine.makeVolume(desired.deployment, resource);
      }
      await allOrFirst(
        [...changes.map((change) => this.#change(change)), ...this.#others(changes)],
        this.#stop,
      );
      this.#x.signal.throwIfAborted();
      for (const change of plan.changes) if (change.action === 'delete') await this.#delete(change);
    } finally {
      this.#stop.abort();
      await this.#watched.ended;
    }
  }

  /** Starting what runs already only tells how far it is. */
  #others(changes: readonly Change[]): Promise<void>[] {
    if (!this.#x.settle) return [];
    const changed = new Set(changes.map(({ key }) => key));
    return [...this.#resources].flatMap(([key, resource]) =>
      resource.kind === 'workload' && !changed.has(key) ? [this.#workload(resource)] : [],
    );
  }

  async #change(change: Change): Promise<void> {
    const resource = this.#resources.get(change.key);
    if (resource?.kind === 'workload') return this.#told(change, () => this.#workload(resource));
    if (resource?.kind === 'task') return this.#told(change, () => this.#task(resource));
  }

  /** Says what begins, how it ends, and with a failure the last lines of its log. */
  async #told(change: Change, act: () => Promise<void>): Promise<void> {
    const { key, action, mode, reasons } = change;
    this.#emit({ type: 'change-started', key, action, ...(mode === undefined ? {} : { mode }), reasons });
    try {
      await act();
      if (!this.#until.aborted) this.#emit({ type: 'change-done', key });
    } catch (error) {
      if (this.#until.aborted) return;
      const message = error instanceof Error ? error.message : String(error);
      this.#emit({ type: 'change-failed', key, message, logs: await this.#lastLines(change) });
      throw error;
    }
  }

  async #workload(workload: Workload): Promise<void> {
    // One after the other where there is more than one, so that the others go on answering.
    for (const [index, node] of assign(workload).entries()) {
      const { engine, desired } = this.#x;
      const instance = engine.instanceName(desired.deployment, workload.id, index + 1);
      await this.#instance(workload, { key: keyOf(workload), instance, node });
    }
  }

  /** Starts one instance, and waits until it is healthy. */
  async #instance(workload: Workload, ref: InstanceRef): Promise<void> {
    const { engine } = this.#x;
    const progress = this.#follow(ref);
    try {
      const { begun } = await this.#gate.run(0, () =>
        engine.startInstance(workload, ref.instance, this.#provision(workload)),
      );
      if (begun) progress.begin();
      await Promise.race([progress.begun, progress.failed]);
      await Promise.race([this.#healthy(workload, ref, progress.since), progress.failed]);
    } finally {
      progress.end();
    }
  }

  /** Asks until it answers; gives up after the component's own time of grace beyond its start. */
  async #healthy(workload: Workload, ref: InstanceRef, since: () => number | null): Promise<void> {
    const grace = graceOf(workload);
    const end = Date.now() + grace * 1000;
    while (!this.#until.aborted) {
      const why = await this.#health.ask(workload, { ...ref, since: since() });
      if (why === null) break;
      if (Date.now() > end)
        throw failure('KLG-504', `${workload.id} is not healthy after ${grace} s: ${why}`);
      await pause(probeEvery, undefined, { signal: this.#until }).catch(() => undefined);
    }
    if (!this.#until.aborted) this.#emit({ type: 'healthy', ...ref });
  }

  async #task(task: Task): Promise<void> {
    const { engine, desired } = this.#x;
    const [node = ''] = task.placement.nodes;
    const ref = { key: keyOf(task), instance: engine.instanceName(desired.deployment, task.id, 1), node };
    const ended = Promise.withResolvers<number>();
    let runs = 0;
    const forget = this.#watched.on(ref.instance, (event) => {
      if (event.type === 'waiting') this.#emit({ ...ref, ...event });
      if (event.type === 'started') this.#emit({ ...ref, ...event });
      if (event.type !== 'exited') return;
      this.#emit({ ...ref, ...event });
      if (event.code === 0 || ++runs > task.retries) ended.resolve(event.code);
    });
    const aborted = this.#aborted();
    const most = this.#patience + task.timeout;
    const limit = after(most, () => ended.reject(failure('KLG-505', `${task.id} did not end in ${most} s`)));
    try {
      await this.#gate.run(0, () => engine.startTask(task, this.#provision(task)));
      const code = await Promise.race([ended.promise, aborted.promise]);
      if (code !== 0) throw failure('KLG-505', `${task.id} ended with ${code}`);
    } finally {
      forget();
      limit();
      aborted.forget();
    }
  }

  /** What is heard of an instance while it comes up: that its process begins, or that it dies too often. */
  #follow(ref: InstanceRef) {
    const begun = Promise.withResolvers<void>();
    const failed = Promise.withResolvers<never>();
    // Nobody may be listening when the run ends otherwise.
    failed.promise.catch(() => undefined);
    let died = 0;
    // When its process began, or ended last.
    let since: number | null = null;
    const forget = this.#watched.on(ref.instance, (event) => {
      this.#emit({ ...ref, ...event });
      if (event.type !== 'waiting') since = Date.now();
      if (event.type === 'started') begun.resolve();
      if (event.type === 'exited' && (event.code === needsNotMet || ++died >= deaths)) {
        failed.reject(
          failure('KLG-504', `${ref.instance} ends with ${event.code}${died > 1 ? ` again and again` : ''}`),
        );
      }
    });
    const aborted = this.#aborted();
    aborted.promise.catch((error: unknown) => failed.reject(error));
    const limit = after(this.#patience, () =>
      failed.reject(failure('KLG-504', `${ref.instance} did not start in ${this.#patience} s`)),
    );
    begun.promise.then(limit);
    const begin = () => {
      this.#emit({ type: 'started', ...ref });
      since ??= Date.now();
      begun.resolve();
    };
    const end = () => {
      forget();
      limit();
      aborted.forget();
    };
    return { begun: begun.promise, failed: failed.promise, since: () => since, begin, end };
  }

  /** A promise that is broken when the run is to end. */
  #aborted(): { promise: Promise<never>; forget: () => void } {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(this.#until.reason);
    promise.catch(() => undefined);
    if (this.#until.aborted) abort();
    this.#until.addEventListener('abort', abort, { once: true });
    return { promise, forget: () => this.#until.removeEventListener('abort', abort) };
  }

  async #delete(change: Change): Promise<void> {
    const { engine, desired } = this.#x;
    const [kind, id = ''] = change.key.split(/:(.*)/s);
    // Volumes hold data: they go only with the deployment itself.
    if (kind !== 'workload') return;
    await this.#told(change, async () => {
      for (let number = 1; number <= change.instances; number++) {
        await engine.removeInstance(desired.deployment, engine.instanceName(desired.deployment, id, number));
      }
    });
  }

  #provision(process: Workload | Task): Provision {
    const bundle = process.config === null ? undefined : this.#resources.get(`config:${process.config}`);
    const tasks = process.needs.flatMap((need) => {
      const task = need.kind === 'task' ? this.#resources.get(`task:${need.task}`) : undefined;
      return task?.kind === 'task' ? [[task.id, task.fingerprint] as const] : [];
    });
    return {
      deployment: this.#x.desired.deployment,
      bundle: bundle?.kind === 'config' ? bundle : null,
      tasks: new Map(tasks),
      secret: this.#x.secret,
      needsTimeout: this.#x.desired.timeouts.needs,
    };
  }

  async #lastLines({ key }: Change): Promise<string[]> {
    const { engine, desired } = this.#x;
    const [, id = ''] = key.split(/:(.*)/s);
    const lines: string[] = [];
    const instance = engine.instanceName(desired.deployment, id, 1);
    try {
      for await (const line of engine.logs(desired.deployment, instance, { tail: 15 }, this.#x.signal))
        lines.push(line);
    } catch {
      // A container that was never made has no log, and the failure itself says more.
    }
    return lines;
  }

  #emit(
    event: KollageEvent extends infer E ? (E extends { at: number } ? Omit<E, 'at'> : never) : never,
  ): void {
    this.#x.emit({ at: Date.now(), ...event });
  }
}

/** The start program's exit code when its needs were not met in time (images/start/README.md). */
const needsNotMet = 75;

function failure(code: 'KLG-504' | 'KLG-505', message: string): KollageError {
  return new KollageError({ code, message });
}

/** Calls back after so many seconds, unless the returned function is called before. */
function after(seconds: number, act: () => void): () => void {
  const timer = setTimeout(act, seconds * 1000);
  return () => clearTimeout(timer);
}
