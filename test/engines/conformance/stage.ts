import { onTestFinished } from 'vitest';
import type { Engine, InstanceEvent, Provision } from '../../../src/engines/engine.ts';
import { openDeployment } from '../../../src/load/deployment.ts';
import { readPasswords } from '../../../src/load/passwords.ts';
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
      if (resource.kind === 'volume') await this.engine.makeVolume(this.name, resource);
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

  start(workload: Workload, changed: Partial<Provision> = {}): Promise<{ readonly begun: boolean }> {
    return this.engine.startInstance(workload, this.instance(workload.id), {
      ...this.provision(workload),
      ...changed,
    });
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
      bundle: bundle?.kind === 'config' ? bundle : null,
      tasks: new Map(
        this.desired.resources.flatMap((resource) =>
          resource.kind === 'task' ? [[resource.id, resource.fingerprint] as const] : [],
        ),
      ),
      secret: (name) => this.#secrets.get(name)?.reveal(),
      needsTimeout: 60,
    };
  }

  #find(which: (resource: Resource) => boolean): Resource | undefined {
    return this.desired.resources.find(which);
  }
}

/** What was heard of instances, to wait for. */
export class Heard {
  readonly events: InstanceEvent[] = [];
  readonly ended: Promise<void>;
  #wake = Promise.withResolvers<void>();

  constructor(events: AsyncIterable<InstanceEvent>) {
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
          event.instance === instance && event.type === type,
      );
      if (found.length >= count) return found;
      await this.#wake.promise;
    }
  }

  async exits(instance: string, count = 1): Promise<number[]> {
    return (await this.of(instance, 'exited', count)).map(({ code }) => code);
  }

  async #hear(events: AsyncIterable<InstanceEvent>): Promise<void> {
    for await (const event of events) {
      this.events.push(event);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }
}
