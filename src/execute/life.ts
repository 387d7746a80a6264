import { setTimeout as pause } from 'node:timers/promises';
import type { Engine, InstanceEvent } from '../engines/engine.ts';
import { needsNotMet } from '../engines/start-spec.ts';
import type { InstanceRef } from '../model/event.ts';
import type { Workload } from '../model/resource.ts';
import { atSlot } from '../model/slots.ts';
import { graceOf } from './health.ts';
import { after, failure, type Site } from './site.ts';

/** Milliseconds between two probes of one instance. */
const probeEvery = 200;
/** So often may a process die in a run, before that is called a failure. */
const deaths = 3;

/**
 * One instance from its start to the end of the run, or until the run itself takes it away. What dies is started again, which is nothing where the
 * engine does that by itself, and all where somebody killed, stopped or removed it; then it is waited for as it was the first time.
 */
export class Life {
  readonly #site: Site;
  readonly #ref: InstanceRef;
  readonly #own: Workload;
  readonly #start: () => ReturnType<Engine['startInstance']>;
  readonly #then: () => Promise<void>;
  readonly #containers = new Set<string>();
  readonly #made = Promise.withResolvers<void>();
  readonly #rested = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  /** Resolves when its process has begun. Another one stands here as soon as that has ended. */
  #process = Promise.withResolvers<void>();
  #since: number | null = null;
  #died = 0;
  #isWell = false;
  #rests = false;

  /** `then`: what is to be done each time that it has become healthy. */
  constructor(site: Site, workload: Workload, ref: InstanceRef, then: () => Promise<void>) {
    const number = site.numberOf(workload, ref.instance);
    this.#site = site;
    this.#ref = ref;
    this.#own = atSlot(workload, number);
    this.#start = () =>
      site.ask(() => site.engine.startInstance(this.#own, ref.instance, site.provision(workload, number)));
    this.#then = then;
    // Nobody may be listening when the run ends otherwise.
    this.#failed.promise.catch(() => undefined);
    site.aborted().promise.catch(this.#failed.reject);
    site.on(ref.instance, (event) => void this.#heard(event));
    site.lives.enter(ref.instance, () => this.#rest());
  }

  /** Starts it, and waits until it is healthy. KLG-504 when it is not in time, or dies too often. */
  async comeUp(): Promise<void> {
    try {
      await this.#comeUp();
    } catch (error) {
      await this.#site.tellFailure(this.#ref.key, error, this.#ref.instance);
      throw error;
    }
  }

  async #comeUp(): Promise<void> {
    await this.#make();
    for (let isUp = false; !isUp; ) {
      const process = this.#process;
      await this.#begins(process.promise);
      if (!(await this.#unlessFailed(this.#isHealthy(() => process === this.#process)))) continue;
      this.#site.emit({ type: 'healthy', ...this.#ref });
      await this.#then();
      isUp = process === this.#process;
    }
    this.#isWell = true;
  }

  /** It is taken away. Who waits for it still waits for the one that comes in its place. */
  #rest(): void {
    this.#rests = true;
    this.#rested.resolve();
    this.#process.resolve();
  }

  async #make(): Promise<void> {
    // What has died too often is left as it is.
    await this.#unlessFailed(Promise.resolve());
    const { container, begun, since = Date.now() } = await this.#start();
    const again = this.#containers.has(container);
    this.#containers.add(container);
    this.#made.resolve();
    // One that the engine has started again waits again for what it needs, and says when that is over.
    if (again ? this.#own.needs.length > 0 : !begun) return;
    this.#site.emit({ type: 'started', ...this.#ref });
    this.#begun(this.#since ?? since);
  }

  #begun(since: number): void {
    this.#since = since;
    this.#process.resolve();
  }

  async #heard(event: InstanceEvent): Promise<void> {
    if (event.type === 'exited') {
      // The one that had the name before ends too, to give way.
      await this.#made.promise;
      if (!this.#containers.has(event.container)) return;
    }
    if (this.#rests) return;
    this.#site.emit({ ...this.#ref, ...event });
    if (event.type === 'started') this.#begun(event.since ?? Date.now());
    if (event.type === 'exited') this.#ended(event.code);
  }

  #ended(code: number): void {
    // Who waits for this one to begin waits for the next one.
    this.#process.resolve();
    this.#process = Promise.withResolvers();
    this.#since = null;
    // It has waited as long as it may for what it needs: that is as bad as if it had died as often as it may.
    this.#died += code === needsNotMet ? deaths : 1;
    if (this.#died >= deaths * this.#site.times) {
      const again = code === needsNotMet ? '' : ' again and again';
      this.#failed.reject(failure('KLG-504', `${this.#ref.instance} ends with ${code}${again}`));
    }
    if (this.#isWell) this.#site.lives.ails(Promise.race([this.comeUp(), this.#rested.promise]));
    else this.#make().catch(this.#failed.reject);
    this.#isWell = false;
  }

  /** Waits until its process begins. */
  async #begins(begun: Promise<void>): Promise<void> {
    const { patience } = this.#site;
    const limit = after(patience, () =>
      this.#failed.reject(failure('KLG-504', `${this.#ref.instance} did not start in ${patience} s`)),
    );
    await this.#unlessFailed(begun).finally(limit);
  }

  #unlessFailed<T>(work: Promise<T>): Promise<T> {
    // What has failed comes first, also before what is over already.
    return Promise.race([this.#failed.promise, work]);
  }

  /**
   * Asks until all is as it should be; gives false when the process has ended before. Gives up after the time of grace when the instance does not
   * answer itself, and later when it does and what the platform says of it is missing. KLG-504.
   */
  async #isHealthy(runs: () => boolean): Promise<boolean> {
    const { health, times, until } = this.#site;
    const { own, platform } = graceOf(this.#own);
    const began = Date.now();
    let next = own * times;
    while (!until.aborted && runs()) {
      const why = await health.ask(this.#own, { ...this.#ref, since: this.#since });
      if (why === null) return runs();
      const waited = Math.floor((Date.now() - began) / 1000);
      const last =
        waited >= platform * times
          ? why
          : waited >= next
            ? await health.probe(this.#own, this.#ref.instance)
            : null;
      if (last !== null && runs())
        throw failure('KLG-504', `${this.#own.id} is not healthy after ${waited} s: ${last}`);
      if (waited >= next) next += own * times;
      await pause(probeEvery, undefined, { signal: until }).catch(() => undefined);
    }
    return false;
  }
}
