import type { Whole } from '../engines/engine.ts';
import { keyOf, type ResourceKey, type Workload } from '../model/resource.ts';
import { changeWhole } from './change-whole.ts';
import type { Site } from './site.ts';

/**
 * Of an engine that makes instances by itself: who follows outputs is filled with them when its instances start, and keeps that. So when another value was
 * published it is made anew, it alone, and after what is changed of it anyway.
 */
export class Renewals {
  readonly #site: Site;
  readonly #whole: Whole;
  readonly #changed: (key: ResourceKey) => Promise<void> | undefined;
  readonly #jobs = new Map<string, Promise<void>>();

  /** `changed`: resolves when the change of a resource is done; undefined where there is none. */
  constructor(site: Site, whole: Whole, changed: (key: ResourceKey) => Promise<void> | undefined) {
    this.#site = site;
    this.#whole = whole;
    this.#changed = changed;
  }

  /** A workload has published its outputs. */
  after({ id, outputs }: Workload): void {
    const names = new Set(Object.keys(outputs).map((key) => `${id}:${key}`));
    for (const one of this.#site.resources.values()) {
      if (one.kind !== 'workload' || !Object.keys(one.follows ?? {}).some((name) => names.has(name)))
        continue;
      const before = this.#jobs.get(one.id) ?? this.#changed(keyOf(one)) ?? Promise.resolve();
      const job = before.then(() => this.#renew(one));
      // Whoever waits for all of them hears of it.
      job.catch(() => undefined);
      this.#jobs.set(one.id, job);
    }
  }

  /** Resolves when nobody holds a value of before; whoever was made anew may have published another one itself. KLG-504. */
  async done(): Promise<void> {
    for (let seen: readonly Promise<void>[] = []; ; ) {
      const jobs = [...this.#jobs.values()];
      if (jobs.every((job) => seen.includes(job))) return;
      await Promise.all(jobs);
      seen = jobs;
    }
  }

  async #renew(workload: Workload): Promise<void> {
    const { engine, desired } = this.#site;
    const { instances = [] } = await this.#site.ask(() => engine.observe(desired.deployment, desired));
    const isOld = instances.some(
      (one) => one.workload === workload.id && Object.keys(one.outdated ?? {}).length > 0,
    );
    if (!isOld) return;
    try {
      await changeWhole(this.#site, workload, this.#whole);
    } catch (error) {
      await this.#site.tellFailure(keyOf(workload), error);
      throw error;
    }
    this.after(workload);
  }
}
