import { setTimeout as pause } from 'node:timers/promises';
import type { EngineEvent, Whole } from '../engines/engine.ts';
import { needsNotMet } from '../engines/start-spec.ts';
import type { InstanceRef } from '../model/event.ts';
import { keyOf, type Workload } from '../model/resource.ts';
import { graceOf } from './health.ts';
import { publish } from './outputs.ts';
import { after, failure, type Site } from './site.ts';

/** Milliseconds between two questions to the platform. */
const askEvery = 500;
/** So often may processes of a workload die while it is changed, before that is called a failure. */
const deaths = 3;
/** Seconds that something may stand against an instance before that is called a failure: a volume is being moved, a node comes back. */
const troubled = 120;

/**
 * Makes a workload what it shall be with an engine that makes, places and rolls its instances by itself: it is told once, and what happens is followed
 * until all of them are ready and the platform says so too. KLG-504, with the cause as the engine tells it, when it does not come to that.
 */
export async function changeWhole(site: Site, workload: Workload, whole: Whole): Promise<void> {
  const node = workload.placement.nodes[0] ?? '';
  const ref: InstanceRef = { key: keyOf(workload), instance: site.instanceName(workload.id), node };
  const rollout = new Rollout(site, workload, ref);
  try {
    rollout.begin(await site.ask(() => whole.apply(workload, site.provision(workload))));
    await Promise.race([rollout.settled, rollout.failed]);
    if ('replicas' in workload.scale && workload.scale.replicas === 0) return;
    await Promise.race([isWell(site, workload, ref), rollout.failed]);
    await publish(site, workload, ref);
  } finally {
    rollout.end();
  }
}

/** Asks until the platform says of it what it must, and its instance is well. KLG-504 when that takes longer than it may. */
async function isWell(site: Site, workload: Workload, ref: InstanceRef): Promise<void> {
  const end = Date.now() + graceOf(workload).platform * site.times * 1000;
  for (;;) {
    const why = await site.health.ask(workload, { ...ref, since: null });
    if (why === null) break;
    if (Date.now() > end) throw failure('KLG-504', `${workload.id} is not healthy: ${why}`);
    await pause(askEvery, undefined, { signal: site.until }).catch(() => undefined);
    site.until.throwIfAborted();
  }
  site.emit({ type: 'healthy', ...ref });
}

/** What is heard of a workload while it rolls. */
class Rollout {
  readonly #site: Site;
  readonly #workload: Workload;
  readonly #ref: InstanceRef;
  readonly #settled = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #undo: (() => void)[];
  /** The attempts that were heard to be settled, perhaps before it is known which one is ours. */
  readonly #heard = new Set<string>();
  #attempt: string | undefined;
  #died = 0;
  /** By instance, what stands against it, and what ends the patience with that. */
  readonly #troubles = new Map<string, { readonly why: string; readonly forget: () => void }>();

  constructor(site: Site, workload: Workload, ref: InstanceRef) {
    this.#site = site;
    this.#workload = workload;
    this.#ref = ref;
    // Nobody may be listening when the run ends otherwise.
    this.#failed.promise.catch(() => undefined);
    const aborted = site.aborted();
    aborted.promise.catch(this.#failed.reject);
    const most = site.patience + graceOf(workload).own * site.times;
    this.#undo = [
      site.onWhole(workload.id, (event) => this.#hear(event)),
      aborted.forget,
      after(most, () => this.#fail(this.#late(most))),
    ];
  }

  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  begin({ attempt, settled }: { readonly attempt: string; readonly settled: boolean }): void {
    this.#attempt = attempt;
    if (settled || this.#heard.has(attempt)) this.#settled.resolve();
  }

  end(): void {
    for (const step of this.#undo) step();
    for (const { forget } of this.#troubles.values()) forget();
  }

  #hear(event: EngineEvent): void {
    const { instance, node = this.#ref.node } = event;
    const ref = { ...this.#ref, instance, node };
    switch (event.type) {
      case 'settled':
        this.#heard.add(event.attempt);
        if (event.attempt === this.#attempt) this.#settled.resolve();
        break;
      case 'trouble':
        this.#trouble(ref, event);
        break;
      case 'waiting':
        this.#site.emit({ type: 'waiting', needs: event.needs, ...ref });
        break;
      case 'started':
        this.#site.emit({ type: 'started', ...ref });
        break;
      case 'exited':
        this.#site.emit({ type: 'exited', code: event.code, ...ref });
        if (event.code === needsNotMet || ++this.#died >= deaths * this.#site.times)
          this.#fail(`${instance} ends with ${event.code}${this.#died > 1 ? ' again and again' : ''}`);
    }
  }

  #trouble(ref: InstanceRef, { why, fatal }: Extract<EngineEvent, { type: 'trouble' }>): void {
    this.#troubles.get(ref.instance)?.forget();
    this.#troubles.delete(ref.instance);
    if (why === '') return;
    this.#site.emit({ type: 'unhealthy', why, ...ref });
    if (fatal) this.#fail(`${ref.instance}: ${why}`);
    const forget = after(troubled, () => this.#fail(`${ref.instance} for ${troubled} s: ${why}`));
    this.#troubles.set(ref.instance, { why, forget });
  }

  #late(seconds: number): string {
    const [trouble] = this.#troubles.values();
    const why = trouble ? `: ${trouble.why}` : '';
    return `${this.#workload.id} is not as it shall be after ${seconds} s${why}`;
  }

  #fail(message: string): void {
    this.#failed.reject(failure('KLG-504', message));
  }
}
