import type { Engine, InstanceEvent, Provision } from '../engines/engine.ts';
import { KollageError } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import { Limit } from '../model/limit.ts';
import type { Desired, Resource, ResourceKey, Task, Workload } from '../model/resource.ts';
import { keyOf } from '../model/resource.ts';
import { bundleAt } from '../model/slots.ts';
import { awaited } from '../plan/graph/awaited.ts';
import { Health } from './health.ts';
import { numberOf } from './number.ts';
import { Watched } from './watched.ts';

/** Where a run works: what it is given. */
export interface Access {
  readonly engine: Engine;
  readonly desired: Desired;
  readonly secret: (name: string) => string | undefined;
  readonly emit: (event: KollageEvent) => void;
  readonly signal: AbortSignal;
}

/** Operations that the engine is asked for at once; more do not make it faster. */
const atOnce = 8;
/**
 * Milliseconds that one probe may take. A server works off the questions that nobody waits for any more, and so is later still where it is asked
 * anew too early.
 */
const probeTimeout = 30_000;
/** Seconds that a start program may be late with giving up what it needs: a container that somebody removed tells nothing. */
const late = 60;

type Untimed<E> = E extends { at: number } ? Omit<E, 'at'> : never;

/** What all parts of one run share: the engine with a limit, its events, and the end that one failure means for all. */
export class Site {
  readonly engine: Engine;
  readonly desired: Desired;
  readonly resources: ReadonlyMap<ResourceKey, Resource>;
  readonly health: Health;
  /** Seconds in which a process must have begun. */
  readonly patience: number;
  /** Aborted when the run is to end, by a person or because something failed. */
  readonly until: AbortSignal;
  readonly stop = new AbortController();
  readonly #access: Access;
  readonly #watched: Watched;
  readonly #gate = new Limit(atOnce);
  readonly #awaited: ReadonlySet<ResourceKey>;

  constructor(access: Access) {
    const { engine, desired, secret, signal } = access;
    this.#access = access;
    this.engine = engine;
    this.desired = desired;
    this.patience = desired.timeouts.needs + late;
    this.until = AbortSignal.any([signal, this.stop.signal]);
    this.resources = new Map(desired.resources.map((resource) => [keyOf(resource), resource]));
    this.#awaited = awaited(desired);
    this.health = new Health({ engine, desired, secret, patience: probeTimeout });
    const events = engine.watch(desired.deployment, this.until);
    this.#watched = new Watched(events, (error) => this.stop.abort(error));
  }

  /** Asks the engine for something, not for too much at once. Nothing is begun after the end. */
  ask<T>(request: () => Promise<T>): Promise<T> {
    return this.#gate.run(0, () => {
      this.until.throwIfAborted();
      return request();
    });
  }

  instanceName(id: string, number = 1): string {
    return this.engine.instanceName(this.desired.deployment, id, number);
  }

  /** Calls back for every event of an instance until the returned function is called. */
  on(instance: string, listener: (event: InstanceEvent) => void): () => void {
    return this.#watched.on(instance, listener);
  }

  emit(event: Untimed<KollageEvent>): void {
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
      bundle:
        bundle?.kind !== 'config'
          ? null
          : process.kind === 'task'
            ? bundle
            : bundleAt(bundle, process, number),
      tasks: new Map(tasks),
      secret: this.#access.secret,
      needsTimeout: this.desired.timeouts.needs,
      awaited: this.#awaited.has(keyOf(process)),
    };
  }

  /** The last lines of the log of a workload or task. */
  async lastLines(id: string): Promise<string[]> {
    const lines: string[] = [];
    const { engine, desired } = this;
    try {
      const logs = engine.logs(desired.deployment, this.instanceName(id), { tail: 15 }, this.#access.signal);
      for await (const line of logs) lines.push(line);
    } catch {
      // A container that was never made has no log, and the failure itself says more.
    }
    return lines;
  }

  /** Ends all that goes on, and waits until the engine's events have ended. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.#watched.ended;
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
