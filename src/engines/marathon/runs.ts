import { type MesosTask, type Outcome, TaskRunner } from '../../mesos/tasks.ts';
import type { Task } from '../../model/resource.ts';
import { isProof } from '../../model/resource.ts';
import type { EngineEvent, Provision } from '../engine.ts';
import type { Site } from './cluster.ts';
import { type Exit, exitOf } from './exits.ts';
import { objectName } from './names.ts';
import { mesosTask } from './render/mesos-task.ts';
import { publish, scopeFor } from './scope.ts';

/** A run that is under way. */
interface Run {
  readonly fingerprint: string;
  /** As events call it, however often it is tried. */
  readonly container: string;
  /** What Mesos calls it now. */
  current: string;
  readonly ended: Promise<void>;
}

/** How often a run was begun, and whether the last one is over: what was written down last. */
interface Written {
  readonly fingerprint: string;
  readonly attempt: number;
  readonly ended: boolean;
}

/** A task that ended by itself, or was refused. */
export interface Ended {
  readonly code: number;
  readonly why: string;
}

/**
 * Runs a deployment's one-time tasks as tasks of Mesos. One connection to the master serves all of them, and is there only as long as one of them is under
 * way.
 */
export class Runs {
  readonly #site: Site;
  readonly #tell: (event: EngineEvent) => void;
  readonly #runs = new Map<string, Run>();
  #runner: TaskRunner | null = null;
  #busy = 0;

  constructor(site: Site, tell: (event: EngineEvent) => void) {
    this.#site = site;
    this.#tell = tell;
  }

  /** Begins a task, or finds the same one under way; its end is told as an event. One that is done already ends with 0 at once. */
  async start(task: Task, provision: Provision): Promise<string> {
    const { records, znodes } = this.#site;
    const there = this.#runs.get(task.id);
    if (there?.fingerprint === task.fingerprint) return there.container;
    if (there) await this.remove(task.id);
    if (!isProof(task)) await znodes.want(task.id, task.fingerprint);
    const scope = await scopeFor(this.#site, task, provision);
    const version = await publish(this.#site, scope, task, provision);
    const variables = znodes.variables(task.id, version, this.#site.settings.zookeeper);
    const first = await this.#next(task);
    const make = (attempt: number) => mesosTask(scope, task, { attempt, node: null, variables });
    const container = make(first).id;
    const isDone = !isProof(task) && (await records.ending(task.id, task.fingerprint))?.state === 'done';
    if (isDone) {
      queueMicrotask(() => this.#end(task, container, 0));
      return container;
    }
    const run: Run = {
      fingerprint: task.fingerprint,
      container,
      current: container,
      ended: Promise.resolve().then(() => this.#tries(task, run, first, make)),
    };
    this.#runs.set(task.id, run);
    return container;
  }

  /** Ends what is run of a task; nothing where nothing is. What is kept of it, as that it is done, stays. */
  async remove(id: string): Promise<void> {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    this.#runs.delete(id);
    await this.#runner?.kill(run.current);
    await run.ended;
  }

  /** As `remove`, by the name of its instance. */
  async removeNamed(instance: string): Promise<void> {
    for (const id of [...this.#runs.keys()].filter((one) => objectName(one) === instance))
      await this.remove(id);
  }

  /** Runs something once that leaves no record; gives how it ended. It is killed when the signal comes. */
  async once(task: MesosTask, interrupt?: AbortSignal): Promise<Ended> {
    const kill = () => void this.#runner?.kill(task.id);
    interrupt?.addEventListener('abort', kill, { once: true });
    try {
      const outcome = await this.#run(task, {});
      const { code } = endOf(outcome);
      return { code, why: outcome.state === 'failed' ? outcome.why : '' };
    } finally {
      interrupt?.removeEventListener('abort', kill);
    }
  }

  /** Mesos' name of the run of a task that is under way, or was begun last, by the name of its instance; null where none was. */
  async lastOf(instance: string): Promise<string | null> {
    const there = this.#named(instance);
    if (there) return there.current;
    return this.#site.records.own('framework', `last ${instance}`);
  }

  isUnderWay(instance: string): boolean {
    return this.#named(instance) !== undefined;
  }

  #named(instance: string): Run | undefined {
    return [...this.#runs].find(([id]) => objectName(id) === instance)?.[1];
  }

  /** The number of the next try: the one that is under way perhaps, since another process began it. */
  async #next({ id, fingerprint }: Task): Promise<number> {
    const written = await this.#written(id);
    if (written === null || written.fingerprint !== fingerprint) return (written?.attempt ?? 0) + 1;
    return written.ended ? written.attempt + 1 : written.attempt;
  }

  async #written(id: string): Promise<Written | null> {
    const text = await this.#site.records.own('runs', id);
    return text === null || text === '' ? null : (JSON.parse(text) as Written);
  }

  async #tries(task: Task, run: Run, first: number, make: (attempt: number) => MesosTask): Promise<void> {
    const { id, fingerprint, retries } = task;
    const { records } = this.#site;
    const write = (attempt: number, ended: boolean) =>
      records.keep('runs', id, JSON.stringify({ fingerprint, attempt, ended } satisfies Written));
    const isWanted = () => this.#runs.get(id) === run;
    try {
      for (let attempt = first; isWanted(); attempt++) {
        const mesos = make(attempt);
        run.current = mesos.id;
        await write(attempt, false);
        await records.keep('framework', `last ${objectName(id)}`, mesos.id);
        const outcome = await this.#run(mesos, {
          settled: () => write(attempt, true),
          trouble: (why) => this.#trouble(task, why, false),
        });
        const { code, refused } = endOf(outcome);
        if (!isWanted()) return;
        const isOver = code === 0 || attempt - first >= retries;
        if (isOver) this.#runs.delete(id);
        if (refused !== null) this.#trouble(task, refused.why, refused.fatal);
        this.#end(task, run.container, code);
        if (isOver) return;
      }
    } catch (error) {
      this.#runs.delete(id);
      this.#trouble(task, error instanceof Error ? error.message : String(error), true);
    }
  }

  async #run(task: MesosTask, options: Parameters<TaskRunner['run']>[1]): Promise<Outcome> {
    this.#runner ??= this.#open();
    this.#busy++;
    try {
      return await this.#runner.run(task, options);
    } finally {
      if (--this.#busy === 0) {
        this.#runner?.close();
        this.#runner = null;
      }
    }
  }

  #open(): TaskRunner {
    const { deployment, transport, records } = this.#site;
    const { credentials, principal = credentials?.user } = transport;
    return new TaskRunner({
      masters: transport.mesos,
      fetch: transport.fetch,
      name: `kollage ${deployment}`,
      user: 'root',
      role: '*',
      memory: {
        recall: async () => (await records.own('framework', 'id')) || null,
        keep: (id) => records.keep('framework', 'id', id),
      },
      ...(principal !== undefined && { principal }),
      ...(credentials && { secret: credentials.password }),
    });
  }

  #end(task: Task, container: string, code: number): void {
    const instance = objectName(task.id);
    this.#tell({ type: 'exited', instance, of: instance, container, code });
  }

  #trouble({ id }: Task, why: string, fatal: boolean): void {
    const instance = objectName(id);
    this.#tell({ type: 'trouble', instance, of: instance, why, fatal });
  }
}

function endOf(outcome: Outcome): Exit {
  return outcome.state === 'finished' ? { code: 0, refused: null } : exitOf('TASK_FAILED', outcome.why);
}
