import { expect, onTestFinished, vi } from 'vitest';
import type { Engine, EngineEvent, InstanceEvent, Provision, Whole } from '../../../src/engines/engine.ts';
import { openDeployment } from '../../../src/load/deployment.ts';
import { readPasswords } from '../../../src/load/passwords.ts';
import type { Drift } from '../../../src/model/plan.ts';
import type { Desired, Resource, Task, Workload } from '../../../src/model/resource.ts';
import { prepare } from '../../../src/operate/prepare.ts';
import { makeShop } from '../shop.ts';
import type { World } from './world.ts';

/** The shop, compiled, for tests that ask an engine for one thing at a time. */
export class Stage {
  readonly engine: Engine;
  readonly world: World;
  readonly name: string;
  readonly #folder: string;
  #desired: Desired | undefined;
  #secrets: ReadonlyMap<string, { reveal(): string }> = new Map();
  #variants = 0;

  /** To be made while tests are collected; `ports` is the first of three. */
  constructor(world: World, name: string, ports: number) {
    this.engine = world.engine;
    this.world = world;
    this.name = name;
    this.#folder = makeShop(name, ports, world.settings).folder;
  }

  /** Compiles the shop, and makes its volume. */
  async set(): Promise<void> {
    this.#desired = (await prepare(this.#folder)).desired;
    this.#secrets = (await readPasswords(openDeployment(this.#folder))).values;
    for (const resource of this.desired.resources)
      if (resource.kind === 'volume') await this.engine.makeVolume(this.name, resource, this.desired);
  }

  get desired(): Desired {
    if (this.#desired === undefined) throw new Error('the stage is not set');
    return this.#desired;
  }

  workload(id: string): Workload {
    const found = this.#find((resource) => resource.kind === 'workload' && resource.id === id);
    if (found?.kind !== 'workload') throw new Error(`there is no workload ${id}`);
    return found;
  }

  task(id: string): Task {
    const found = this.#find((resource) => resource.kind === 'task' && resource.id === id);
    if (found?.kind !== 'task') throw new Error(`there is no task ${id}`);
    return found;
  }

  /** Another one like this: its own fingerprint, a shell's line as its process, and nothing that it needs. */
  variant<P extends Workload | Task>(process: P, line: string, changed: Partial<P> = {}): P {
    return {
      ...process,
      start: 'plain',
      command: ['sh', '-c', line],
      user: 'root',
      config: null,
      needs: [],
      health: null,
      fingerprint: `variant-${++this.#variants}`,
      ...changed,
    };
  }

  instance(id: string): string {
    return this.engine.instanceName(this.name, id, 1);
  }

  start(workload: Workload, changed: Partial<Provision> = {}): ReturnType<Engine['startInstance']> {
    const provision = { ...this.provision(workload), ...changed };
    const { whole } = this.engine;
    if (whole) return this.#startWhole(whole, workload, provision);
    return this.engine.startInstance(workload, this.instance(workload.id), provision);
  }

  /** An engine that makes instances by itself tells how far they are by its events. */
  async #startWhole(
    whole: Whole,
    workload: Workload,
    provision: Provision,
  ): ReturnType<Engine['startInstance']> {
    const stop = new AbortController();
    const events = this.engine.watch(this.name, stop.signal)[Symbol.asyncIterator]();
    // Asked for before, so that nothing is missed.
    let next = events.next();
    const { attempt, settled } = await whole.apply(workload, provision);
    try {
      for (let begun = settled; !begun; next = events.next()) {
        const { value: event, done } = await next;
        if (done) throw new Error('the engine has nothing more to tell');
        if (event.of !== this.instance(workload.id)) continue;
        if (event.type === 'waiting') return { container: attempt, begun: false };
        begun = event.type === 'settled' && event.attempt === attempt;
      }
      return { container: attempt, begun: true };
    } finally {
      next.catch(() => undefined);
      stop.abort();
      await events.return?.();
    }
  }

  /** Waits until an instance is seen to be in a state, undefined for none: at once where an engine is told of each by itself. */
  async becomes(workload: string, state: string | undefined): Promise<void> {
    const look = async () => expect((await this.observed(workload))?.state).toBe(state);
    await (this.engine.whole ? vi.waitFor(look, { timeout: 60_000, interval: 200 }) : look());
  }

  /** Starts a task, and gives how its runs ended, as many as are said. */
  async run(task: Task, runs = 1): Promise<number[]> {
    const heard = this.listen();
    await this.engine.startTask(task, this.provision(task));
    return heard.exits(this.instance(task.id), runs);
  }

  /** Hears what happens to instances from now on, until the test ends. */
  listen(): Heard {
    const stop = new AbortController();
    const heard = new Heard(this.engine.watch(this.name, stop.signal));
    onTestFinished(async () => {
      stop.abort();
      await heard.ended;
    });
    return heard;
  }

  async observed(workload: string): Promise<{ state: string; fingerprint: string } | undefined> {
    const { instances = [] } = await this.engine.observe(this.name, this.desired);
    const found = instances.find((instance) => instance.workload === workload);
    return found && { state: found.state, fingerprint: found.fingerprint };
  }

  /** What somebody changed of a workload's instance since it was made as this state says. */
  async drift(workload: string, applied = this.desired): Promise<readonly Drift[]> {
    const made = { desired: applied, secret: this.#secret };
    const { instances = [] } = await this.engine.observe(this.name, this.desired, made);
    return instances.find((instance) => instance.workload === workload)?.drift ?? [];
  }

  readonly #secret = (name: string) => this.#secrets.get(name)?.reveal();

  /** When the process of a workload began, as it is seen; NaN where that is not told. */
  async since(workload: string): Promise<number> {
    const { instances = [] } = await this.engine.observe(this.name, this.desired);
    return instances.find((instance) => instance.workload === workload)?.since ?? Number.NaN;
  }

  async logs(id: string, query: Parameters<Engine['logs']>[2] = {}): Promise<string[]> {
    return Array.fromAsync(
      this.engine.logs(this.name, this.instance(id), query, new AbortController().signal),
    );
  }

  /** The lines of an instance's log, as they come. */
  async *follow(id: string): AsyncIterable<string> {
    const stop = new AbortController();
    try {
      yield* this.engine.logs(this.name, this.instance(id), { follow: true }, stop.signal);
    } finally {
      stop.abort();
    }
  }

  provision(process: Workload | Task): Provision {
    const bundle = this.#find(({ kind, id }) => kind === 'config' && id === process.config);
    return {
      deployment: this.name,
      desired: this.desired,
      bundle: bundle?.kind === 'config' ? bundle : null,
      tasks: new Map(
        this.desired.resources.flatMap((resource) =>
          resource.kind === 'task' ? [[resource.id, resource.fingerprint] as const] : [],
        ),
      ),
      secret: this.#secret,
      needsTimeout: 60,
    };
  }

  #find(which: (resource: Resource) => boolean): Resource | undefined {
    return this.desired.resources.find(which);
  }
}

/** Whether an event is about an instance, whatever name the engine has given it. */
export function isAbout(event: InstanceEvent, instance: string): boolean {
  return event.instance === instance || event.of === instance;
}

/** What was heard of instances, to wait for. */
export class Heard {
  readonly events: InstanceEvent[] = [];
  readonly ended: Promise<void>;
  #wake = Promise.withResolvers<void>();

  constructor(events: AsyncIterable<EngineEvent>) {
    this.ended = this.#hear(events);
  }

  /** Waits until enough of the events of an instance are of a type; gives them. */
  async of<T extends InstanceEvent['type']>(
    instance: string,
    type: T,
    count = 1,
  ): Promise<Extract<InstanceEvent, { type: T }>[]> {
    for (;;) {
      const found = this.events.filter(
        (event): event is Extract<InstanceEvent, { type: T }> =>
          isAbout(event, instance) && event.type === type,
      );
      if (found.length >= count) return found;
      await this.#wake.promise;
    }
  }

  async exits(instance: string, count = 1): Promise<number[]> {
    return (await this.of(instance, 'exited', count)).map(({ code }) => code);
  }

  async #hear(events: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type === 'settled' || event.type === 'trouble') continue;
      this.events.push(event);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }
}
