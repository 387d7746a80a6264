import type { Engine, EngineEvent, InstanceEvent, Provision } from '../engines/engine.ts';
import { numberOf } from '../engines/number.ts';
import { KollageError, messageOf } from '../model/error.ts';
import type { EventBody, KollageEvent } from '../model/event.ts';
import { Limit } from '../model/limit.ts';
import type { Desired, Resource, ResourceKey, Task, Workload } from '../model/resource.ts';
import { keyOf } from '../model/resource.ts';
import { bundleAt } from '../model/slots.ts';
import { urgency } from '../plan/graph/urgency.ts';
import { idOf } from '../plan/timeline/names.ts';
import { Health } from './health.ts';
import { Lives } from './lives.ts';
import { Watched } from './watched.ts';

/** Where a run works: what it is given. */
export interface Access {
  readonly engine: Engine;
  readonly desired: Desired;
  readonly secret: (name: string) => string | undefined;
  readonly emit: (event: KollageEvent) => void;
  readonly signal: AbortSignal;
  /** How many times as long as usual all may take, and as often die. Once when not given. */
  readonly times?: number;
}

/** Operations that the engine is asked for at once; more do not make it faster. */
const atOnce = 8;
/** Instances that are told to stop at once: the engine has little to do with that, and waits for most of the time. */
const stopsAtOnce = 16;
/**
 * Milliseconds that one probe may take. A server works off the questions that nobody waits for any more, and so is later still where it is asked
 * anew too early.
 */
const probeTimeout = 30_000;
/** Seconds that a start program may be late with giving up what it needs: a container that somebody removed tells nothing. */
const late = 60;

/** What all parts of one run share: the engine with a limit, its events, and the end that one failure means for all. */
export class Site {
  readonly engine: Engine;
  readonly desired: Desired;
  readonly resources: ReadonlyMap<ResourceKey, Resource>;
  readonly health: Health;
  readonly lives = new Lives();
  /** How many times as long as usual all may take, and as often die. */
  readonly times: number;
  /** Seconds in which a process must have begun. */
  readonly patience: number;
  /** Aborted when the run is to end, by a person or because something failed. */
  readonly until: AbortSignal;
  readonly stop = new AbortController();
  readonly #access: Access;
  readonly #watched: Watched;
  readonly #gate = new Limit(atOnce);
  readonly #urgency: ReadonlyMap<ResourceKey, number>;
  readonly #stops = new Limit(stopsAtOnce);
  readonly #asked = new Set<Promise<unknown>>();
  readonly #told = new WeakSet<object>();

  constructor(access: Access) {
    const { engine, desired, secret, signal, times = 1 } = access;
    this.#access = access;
    this.engine = engine;
    this.desired = desired;
    this.times = times;
    this.patience = (desired.timeouts.needs + late) * times;
    this.until = AbortSignal.any([signal, this.stop.signal]);
    this.resources = new Map(desired.resources.map((resource) => [keyOf(resource), resource]));
    this.#urgency = urgency(desired);
    this.health = new Health({ engine, desired, secret, patience: probeTimeout });
    const events = engine.watch(desired.deployment, this.until);
    this.#watched = new Watched(events, (error) => this.stop.abort(error));
  }

  /** Asks the engine for something, not for too much at once. Nothing is begun after the end. */
  ask<T>(request: () => Promise<T>): Promise<T> {
    return this.#within(this.#gate, request);
  }

  /** As `ask`, for what only takes long. */
  askToStop<T>(request: () => Promise<T>): Promise<T> {
    return this.#within(this.#stops, request);
  }

  #within<T>(limit: Limit, request: () => Promise<T>): Promise<T> {
    const asked = limit.run(0, () => {
      this.until.throwIfAborted();
      return request();
    });
    const over = () => void this.#asked.delete(asked);
    this.#asked.add(asked);
    asked.then(over, over);
    return asked;
  }

  instanceName(id: string, number = 1): string {
    return this.engine.instanceName(this.desired.deployment, id, number);
  }

  /** Calls back for every event of an instance until the returned function is called. */
  on(instance: string, listener: (event: InstanceEvent) => void): () => void {
    return this.#watched.on(instance, listener);
  }

  /** Calls back for every event of a workload or task of an engine that makes their instances itself, whatever those are called. */
  onWhole(id: string, listener: (event: EngineEvent) => void): () => void {
    return this.#watched.onWhole(this.instanceName(id), listener);
  }

  emit(event: EventBody): void {
    this.#access.emit({ at: Date.now(), ...event });
  }

  /** A promise that is broken when the run is to end. */
  aborted(): { promise: Promise<never>; forget: () => void } {
    const { promise, reject } = Promise.withResolvers<never>();
    const abort = () => reject(this.until.reason);
    promise.catch(() => undefined);
    if (this.until.aborted) abort();
    this.until.addEventListener('abort', abort, { once: true });
    return { promise, forget: () => this.until.removeEventListener('abort', abort) };
  }

  /** Waits for something unless the run is to end. */
  async unlessAborted<T>(work: Promise<T>): Promise<T> {
    const aborted = this.aborted();
    try {
      return await Promise.race([work, aborted.promise]);
    } finally {
      aborted.forget();
    }
  }

  /** The number of an instance: behind a balancer its slot. */
  numberOf(workload: Workload, instance: string): number {
    return numberOf(this.engine, this.desired.deployment, workload, instance);
  }

  /** `number`: of the instance that it is for. */
  provision(process: Workload | Task, number = 1): Provision {
    const bundle = process.config === null ? undefined : this.resources.get(`config:${process.config}`);
    const tasks = process.needs.flatMap((need) => {
      const task = need.kind === 'task' ? this.resources.get(`task:${need.task}`) : undefined;
      return task?.kind === 'task' ? [[task.id, task.fingerprint] as const] : [];
    });
    return {
      deployment: this.desired.deployment,
      desired: this.desired,
      bundle:
        bundle?.kind !== 'config'
          ? null
          : process.kind === 'task'
            ? bundle
            : bundleAt(bundle, process, number),
      tasks: new Map(tasks),
      secret: this.#access.secret,
      needsTimeout: this.desired.timeouts.needs,
      urgency: this.#urgency.get(keyOf(process)) ?? 0,
    };
  }

  /** Says once why a change failed, with the last lines of the log of the instance that it is about. */
  async tellFailure(
    key: ResourceKey,
    error: unknown,
    instance = this.instanceName(idOf(key)),
  ): Promise<void> {
    const known = error instanceof Error && this.#told.has(error);
    if (this.until.aborted || known) return;
    if (error instanceof Error) this.#told.add(error);
    const logs = await this.#lastLines(instance);
    this.emit({ type: 'change-failed', key, message: messageOf(error), logs });
  }

  async #lastLines(instance: string): Promise<string[]> {
    const lines: string[] = [];
    const { engine, desired } = this;
    try {
      const logs = engine.logs(desired.deployment, instance, { tail: 15 }, this.#access.signal);
      for await (const line of logs) lines.push(line);
    } catch {
      // A container that was never made has no log, and the failure itself says more.
    }
    return lines;
  }

  /** Ends all that goes on, and waits until nothing is heard of the engine any more: neither events, nor what it was asked for. */
  async close(): Promise<void> {
    this.stop.abort();
    await Promise.allSettled([this.#watched.ended, ...this.#asked]);
  }
}

export function failure(code: 'KLG-504' | 'KLG-505', message: string): KollageError {
  return new KollageError({ code, message });
}

/** Calls back after so many seconds, unless the returned function is called before. */
export function after(seconds: number, act: () => void): () => void {
  const timer = setTimeout(act, seconds * 1000);
  return () => clearTimeout(timer);
}
