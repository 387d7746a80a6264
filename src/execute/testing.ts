import { docker } from '../engines/docker/traits.ts';
import type {
  Applied,
  Engine,
  EngineEvent,
  EngineNode,
  InstanceEvent,
  Provision,
} from '../engines/engine.ts';
import type { Io } from '../engines/io.ts';
import { needsNotMet } from '../engines/start-spec.ts';
import { KollageError } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Drift, Observed } from '../model/plan.ts';
import type { Desired, Need, Task, Volume, Workload } from '../model/resource.ts';
import {
  identityOf,
  type JournalEntry,
  type NewRevision,
  type Revision,
  type StateStore,
} from '../state/store.ts';

/*
 * An engine and a store in memory that mean what engine.ts and store.ts say, and that a test can kill or break at every step. Containers go on by
 * themselves when the program that made them is dead.
 */

/** The program is dead: nothing that it asks for happens any more. */
export class Crash extends Error {}

/** Counts the steps of a program, and ends it, or makes a step fail, at a chosen one. */
export class Steps {
  taken = 0;
  dead = false;
  readonly #crashAt: number;
  readonly #failAt: readonly number[];
  readonly #turn: () => Promise<void>;

  /** `turn`: waited for at each step, so that a test can decide the order. */
  constructor({
    crashAt = Infinity,
    failAt = Infinity,
    alsoAt = Infinity,
    turn = async (): Promise<void> => {},
  } = {}) {
    this.#crashAt = crashAt;
    this.#failAt = [failAt, alsoAt];
    this.#turn = turn;
  }

  /** An act between two steps: the program may die before or after it, and may be told that it failed, though it did not. */
  async around<T>(act: () => T): Promise<T> {
    await this.#step();
    const result = act();
    await this.#step();
    return result;
  }

  async #step(): Promise<void> {
    if (!this.dead) await this.#turn();
    if (this.taken++ === this.#crashAt) this.dead = true;
    if (this.dead) throw new Crash('killed');
    if (this.#failAt.includes(this.taken - 1))
      throw new KollageError({ code: 'KLG-502', message: 'the engine refuses' });
  }
}

interface Container {
  readonly container: string;
  readonly process: Workload | Task;
  fingerprint: string;
  readonly image: string;
  files: string;
  readonly tasks: ReadonlyMap<string, string>;
  state: 'waiting' | 'running' | 'exited';
  /** What somebody changed of it. */
  drift: readonly Drift[];
}

/** What is broken on purpose: a workload of this image never gets healthy, a task of it fails half way. */
export const badImage = 'image:bad';

/** Everything that is there beside the program. */
export class World {
  readonly containers = new Map<string, Container>();
  readonly done = new Set<string>();
  readonly volumes = new Set<string>();
  /** What the schema tasks of each service did to its data, in order. */
  readonly data = new Map<string, readonly string[]>();
  readonly saves = new Map<string, readonly string[]>();
  /** Data that lies ready for a switch, and what is kept of what was there, by the switch's key. */
  readonly ready = new Map<string, readonly string[]>();
  readonly kept = new Map<string, readonly string[]>();
  /** Workloads that may not run while data is switched. */
  users: ReadonlySet<string> = new Set();
  /** What tasks published, as `ID:KEY`: of each output, whether its service had no data before. */
  readonly outputs = new Map<string, string>();
  /** What bootstrap tasks made last, by task. */
  readonly made = new Map<string, string>();
  /** Which build each reference of an image means. */
  readonly builds = new Map<string, number>();
  /** Each task that ended well, by id and fingerprint, as often as it did. */
  readonly ran: string[] = [];
  /** Services whose data may not be changed before it is saved. */
  saveFirst: ReadonlySet<string> = new Set();
  /** How often a task still gives up waiting for what it needs. */
  readonly givingUp = new Map<string, number>();
  readonly broken: string[] = [];
  readonly #listeners = new Set<(event: InstanceEvent) => void>();
  #made = 0;

  clone(): World {
    const copy = new World();
    for (const [name, one] of this.containers) copy.containers.set(name, { ...one });
    for (const name of ['done', 'volumes'] as const) for (const one of this[name]) copy[name].add(one);
    for (const [key, value] of this.data) copy.data.set(key, value);
    for (const [key, value] of this.saves) copy.saves.set(key, value);
    for (const [key, value] of this.made) copy.made.set(key, value);
    for (const [key, value] of this.ready) copy.ready.set(key, value);
    for (const [key, value] of this.kept) copy.kept.set(key, value);
    copy.users = this.users;
    for (const [key, value] of this.outputs) copy.outputs.set(key, value);
    for (const [key, value] of this.builds) copy.builds.set(key, value);
    copy.#made = this.#made;
    return copy;
  }

  /** What a person would call the state of the platform. */
  snapshot(): unknown {
    const containers = [...this.containers].filter(
      ([, { process, state }]) => process.kind === 'workload' || state !== 'exited',
    );
    return {
      containers: containers
        .map(([name, { process, fingerprint, image, files, state, drift }]) => [
          name,
          process.id,
          fingerprint,
          image,
          files,
          state,
          drift,
        ])
        .sort(),
      volumes: [...this.volumes].sort(),
      data: [...this.data]
        .filter(([, tasks]) => tasks.length > 0)
        .map(([service, tasks]) => [service, [...tasks].sort()])
        .sort(),
      made: [...this.made].sort(),
    };
  }

  imageOf(reference: string): string {
    return reference.startsWith('sha256:')
      ? reference
      : `sha256:${reference}#${this.builds.get(reference) ?? 1}`;
  }

  listen(listener: (event: InstanceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  remove(name: string): void {
    const there = this.containers.get(name);
    if (!there) return;
    this.containers.delete(name);
    if (there.state !== 'exited')
      this.#tell({ type: 'exited', instance: name, container: there.container, code: 143 });
  }

  /** What somebody does to it from outside: its process crashes, and the engine starts it again; or the container is stopped, or removed. */
  harm(name: string, how: 'crash' | 'stop' | 'remove'): void {
    const there = this.containers.get(name);
    if (!there || there.state === 'exited') return;
    if (how === 'remove') this.remove(name);
    else {
      there.state = how === 'crash' ? 'waiting' : 'exited';
      this.#tell({ type: 'exited', instance: name, container: there.container, code: 137 });
      this.#advance();
    }
  }

  make(name: string, process: Workload | Task, { bundle, tasks }: Provision): string {
    const container = String(++this.#made);
    this.remove(name);
    const files = JSON.stringify(bundle?.files.map((file) => [file.name, file.hash]) ?? []);
    const { fingerprint } = process;
    const image = this.imageOf(process.image);
    const state = 'waiting';
    this.containers.set(name, { container, process, fingerprint, image, files, tasks, state, drift: [] });
    this.#advance();
    return container;
  }

  /** Somebody changes something of the nth workload's container by hand. */
  change(nth: number, remedy: Drift['remedy']): void {
    const workloads = [...this.containers.values()].filter(({ process }) => process.kind === 'workload');
    const one = workloads[nth % Math.max(1, workloads.length)];
    if (one) one.drift = [...one.drift, { text: 'changed by hand', remedy }];
  }

  record(task: string): void {
    this.done.add(task);
    this.#advance();
  }

  /** Everything that waits and need not any more goes on. */
  #advance(): void {
    for (let again = true; again; ) {
      again = false;
      for (const [name, one] of this.containers) {
        if (one.state !== 'waiting' || !one.process.needs.every((need) => this.#isMet(need, one))) continue;
        one.state = 'running';
        again = true;
        this.#tell({ type: 'started', instance: name });
        if (one.process.kind === 'task') this.#run(name, one, one.process);
      }
    }
  }

  #isMet(need: Need, { tasks }: Container): boolean {
    if (need.kind === 'task') return this.done.has(`${need.task} ${tasks.get(need.task)}`);
    const id =
      need.kind === 'endpoint' ? need.endpoint : need.kind === 'component' ? need.component : need.output;
    return [...this.containers.values()].some(
      ({ process, state }) => process.id === id && state === 'running',
    );
  }

  #run(name: string, one: Container, task: Task): void {
    const record = `${task.id} ${task.fingerprint}`;
    const left = this.givingUp.get(task.id) ?? 0;
    this.givingUp.set(task.id, left - 1);
    const code = left > 0 ? needsNotMet : this.done.has(record) ? 0 : this.#effect(task);
    one.state = 'exited';
    if (code === 0 && !this.done.has(record)) {
      this.done.add(record);
      this.ran.push(record);
    }
    this.#tell({ type: 'exited', instance: name, container: one.container, code });
  }

  #effect(task: Task): number {
    const { service, env } = task;
    const bad = task.image === badImage;
    const data = this.data.get(service) ?? [];
    if (!bad)
      for (const key of Object.keys(task.outputs))
        this.outputs.set(`${task.id}:${key}`, data.length === 0 ? 'yes' : 'no');
    const saved = `${service} ${env['KOLLAGE_REVISION']}`;
    switch (task.command[0]) {
      case 'save':
        this.saves.set(saved, data);
        break;
      case 'restore': {
        const copy = this.saves.get(saved);
        for (const { process, state } of this.containers.values())
          if (process.kind === 'workload' && process.service === service && state === 'running')
            this.broken.push(`${process.id} ran while the data of ${service} was brought back`);
        if (copy) this.data.set(service, copy);
        else this.broken.push(`${saved} was never saved`);
        break;
      }
      case 'switch':
        this.#exchange(service, this.ready, this.kept, String(env['KOLLAGE_SWITCH']));
        break;
      case 'back':
        this.#exchange(service, this.kept, this.ready, String(env['KOLLAGE_SWITCH']));
        break;
      case 'discard':
        this.kept.clear();
        this.ready.clear();
        break;
      case 'undo':
        this.made.delete(task.id.replace('.undo', ''));
        break;
      default:
        if (task.phase === 'bootstrap') this.made.set(task.id, bad ? 'half' : task.fingerprint);
        else {
          if (
            this.saveFirst.has(service) &&
            ![...this.saves.keys()].some((key) => key.startsWith(`${service} `))
          )
            this.broken.push(`${task.id} ran before the data of ${service} was saved`);
          this.data.set(service, [...data, bad ? 'half' : `${task.id} ${task.fingerprint}`]);
        }
    }
    return bad ? 1 : 0;
  }

  /** Does nothing where it is done. */
  #exchange(
    service: string,
    from: Map<string, readonly string[]>,
    to: Map<string, readonly string[]>,
    key: string,
  ): void {
    for (const { process, state } of this.containers.values())
      if (this.users.has(process.id) && state !== 'exited')
        this.broken.push(`${process.id} was there while the data was switched`);
    const data = from.get(key);
    if (!data) return;
    to.set(key, this.data.get(service) ?? []);
    this.data.set(service, data);
    from.delete(key);
  }

  #tell(event: InstanceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** An engine on a world, for one program. */
export class SimulatedEngine implements Engine {
  readonly traits = docker;
  readonly nodeName = (node: string) => node;
  readonly #world: World;
  readonly #steps: Steps;

  constructor(world: World, steps: Steps) {
    this.#world = world;
    this.#steps = steps;
  }

  instanceName(deployment: string, id: string, number: number): string {
    return `${deployment}-${id}-${number}`;
  }

  async nodes({ nodes }: Pick<Desired, 'nodes'>): Promise<readonly EngineNode[]> {
    return nodes.map(({ name }) => ({ name, roles: null, why: null, memory: 0, cpus: 0 }));
  }

  version(): Promise<string> {
    return this.#steps.around(() => '1');
  }

  observe(_deployment: string, desired: Desired | null, applied?: Applied | null): Promise<Observed> {
    const world = this.#world;
    const made = new Set(
      applied?.desired.resources.flatMap((one) =>
        one.kind === 'workload' ? [`${one.id} ${one.fingerprint}`] : [],
      ),
    );
    const node = desired?.nodes[0]?.name ?? '';
    return this.#steps.around(() => ({
      instances: [...world.containers].flatMap(([name, { process, fingerprint, image, state, drift }]) =>
        process.kind === 'workload'
          ? [
              {
                workload: process.id,
                name,
                node,
                fingerprint,
                image,
                state: state === 'exited' ? 'stopped' : 'running',
                drift: made.has(`${process.id} ${fingerprint}`) ? drift : [],
              } as const,
            ]
          : [],
      ),
      volumes: [...world.volumes],
      tasks: [...world.done].map((record) => {
        const [id = '', fingerprint = ''] = record.split(' ');
        return { id, fingerprint };
      }),
      nodes: [
        {
          name: node,
          imageIds: Object.fromEntries(
            (desired?.resources ?? []).flatMap((one) =>
              'image' in one ? [[one.image, world.imageOf(one.image)]] : [],
            ),
          ),
        },
      ],
    }));
  }

  makeVolume(_deployment: string, { id }: Volume): Promise<void> {
    return this.#steps.around(() => void this.#world.volumes.add(id));
  }

  removeVolume(_deployment: string, id: string): Promise<void> {
    return this.#steps.around(() => void this.#world.volumes.delete(id));
  }

  startInstance(workload: Workload, instance: string, provision: Provision) {
    return this.#steps.around(() => this.#start(workload, instance, provision));
  }

  async startTask(task: Task, provision: Provision): Promise<string> {
    const name = this.instanceName(provision.deployment, task.id, 1);
    return (await this.#steps.around(() => this.#start(task, name, provision))).container;
  }

  #start(process: Workload | Task, name: string, provision: Provision) {
    const there = this.#world.containers.get(name);
    const same = there && there.state !== 'exited' && there.fingerprint === process.fingerprint;
    if (same && (there.state === 'running' || same_(there.tasks, provision.tasks)))
      return { container: there.container, begun: there.state === 'running' };
    const container = this.#world.make(name, process, provision);
    return { container, begun: process.needs.length === 0 };
  }

  refreshInstance(workload: Workload, instance: string, { bundle }: Provision): Promise<void> {
    return this.#steps.around(() => {
      const there = this.#world.containers.get(instance);
      if (!there) return;
      there.files = JSON.stringify(bundle?.files.map((file) => [file.name, file.hash]) ?? []);
      there.fingerprint = workload.fingerprint;
      there.drift = there.drift.filter(({ remedy }) => remedy === 'replace');
    });
  }

  publish(): Promise<void> {
    return this.#steps.around(() => undefined);
  }

  signalInstance(): Promise<void> {
    return this.#steps.around(() => undefined);
  }

  removeInstance(_deployment: string, instance: string): Promise<void> {
    return this.#steps.around(() => this.#world.remove(instance));
  }

  recordTask(_deployment: string, { id, fingerprint, unless }: Task): Promise<boolean> {
    return this.#steps.around(() => {
      if (!unless || this.#world.outputs.get(`${unless.output}:${unless.key}`) !== unless.is) return false;
      this.#world.record(`${id} ${fingerprint}`);
      return true;
    });
  }

  forgetTask(_deployment: string, id: string, fingerprint: string): Promise<void> {
    return this.#steps.around(() => void this.#world.done.delete(`${id} ${fingerprint}`));
  }

  async *watch(_deployment: string, signal: AbortSignal): AsyncIterable<EngineEvent> {
    const events: InstanceEvent[] = [];
    let wake = () => {};
    const stop = this.#world.listen((event) => {
      events.push(event);
      wake();
    });
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      while (!signal.aborted) {
        yield* events.splice(0);
        if (events.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      stop();
    }
  }

  async *logs(): AsyncIterable<string> {}

  exec(_deployment: string, instance: string, _command: readonly string[], _io: Io): Promise<number> {
    return this.#steps.around(() => {
      const there = this.#world.containers.get(instance);
      return there?.state === 'running' && there.process.image !== badImage ? 0 : 1;
    });
  }

  async pullImage(): Promise<void> {}

  async runTool(): Promise<number> {
    return 0;
  }

  async destroy(): Promise<void> {}
}

function same_(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return JSON.stringify([...a]) === JSON.stringify([...b]);
}

type Kept = Revision & {
  secrets: Readonly<Record<string, string>>;
  journal: JournalEntry[];
  events: KollageEvent[];
};

/** What a store keeps beyond the life of a program. */
export class Memory {
  readonly revisions: Kept[] = [];

  clone(): Memory {
    const copy = new Memory();
    for (const one of this.revisions)
      copy.revisions.push({ ...one, journal: [...one.journal], events: [...one.events] });
    return copy;
  }
}

/** A store on such a memory, for one program. */
export class SimulatedStore implements StateStore {
  readonly #memory: Memory;
  readonly #steps: Steps;

  constructor(memory: Memory, steps: Steps) {
    this.#memory = memory;
    this.#steps = steps;
  }

  async lock(): Promise<AsyncDisposable> {
    return { [Symbol.asyncDispose]: async () => undefined };
  }

  async last(): Promise<Revision | null> {
    return this.#memory.revisions.findLast(({ status }) => status === 'done') ?? null;
  }

  async unfinished(): Promise<Revision | null> {
    const newest = this.#memory.revisions.at(-1);
    return newest && newest.status !== 'done' && newest.status !== 'reverted' ? newest : null;
  }

  async revision(number?: number): Promise<Revision | null> {
    return this.#kept(number) ?? null;
  }

  async history() {
    return this.#memory.revisions;
  }

  async quarantined(identity: string) {
    const newest = this.#memory.revisions.findLast((one) => identityOf(one, one.journal) === identity);
    return newest?.status === 'reverted' && newest.failure !== null ? newest : null;
  }

  async secrets(number: number): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries(this.#kept(number)?.secrets ?? {}));
  }

  begin({ continues, notes = [], ...revision }: NewRevision): Promise<number> {
    return this.#steps.around(() => {
      const number = this.#memory.revisions.length + 1;
      const before = continues === null ? undefined : this.#change(continues, { status: 'failed' });
      this.#memory.revisions.push({
        ...revision,
        number,
        at: number,
        endedAt: null,
        status: 'applying',
        failure: null,
        fingerprint: revision.desired.fingerprint,
        journal: [...(before?.journal ?? []), ...notes],
        events: [],
      });
      return number;
    });
  }

  mark(number: number, status: Revision['status'], failure?: string): Promise<void> {
    return this.#steps.around(
      () => void this.#change(number, { status, ...(failure === undefined ? {} : { failure }) }),
    );
  }

  note(number: number, entry: JournalEntry): Promise<void> {
    return this.#steps.around(() => void this.#kept(number)?.journal.push(entry));
  }

  async journal(number: number): Promise<readonly JournalEntry[]> {
    return [...(this.#kept(number)?.journal ?? [])];
  }

  record(number: number, event: KollageEvent): void {
    this.#kept(number)?.events.push(event);
  }

  async timeline(number: number): Promise<readonly KollageEvent[]> {
    return this.#kept(number)?.events ?? [];
  }

  async paused() {
    return null;
  }

  async pause(): Promise<void> {}

  async close(): Promise<void> {}

  #kept(number = this.#memory.revisions.length): Kept | undefined {
    return this.#memory.revisions[number - 1];
  }

  #change(number: number, change: Partial<Revision>): Kept | undefined {
    const kept = this.#kept(number);
    if (kept) this.#memory.revisions[number - 1] = { ...kept, ...change };
    return this.#kept(number);
  }
}
