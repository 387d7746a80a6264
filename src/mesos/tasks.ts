import { CallError } from './errors.ts';
import type { MesosEvent, Offer, Status } from './events.ts';
import { misfit, misfits, type Wanted } from './match.ts';
import { Scheduler, type SchedulerOptions } from './scheduler.ts';

export interface Command {
  readonly environment?: {
    readonly variables: readonly { readonly name: string; readonly value: string }[];
  };
  readonly [more: string]: unknown;
}

/** A task that Mesos is to run to its end. */
export interface MesosTask extends Wanted {
  /** Tells it from all that ever were: where it is running already, or has been run, nothing is begun. */
  readonly id: string;
  readonly name: string;
  /** `CommandInfo` and `ContainerInfo` of Mesos' v1 API. */
  readonly command: Command;
  /** Without one the command runs on the agent itself. */
  readonly container?: object;
}

export type Outcome = { readonly state: 'finished' } | { readonly state: 'failed'; readonly why: string };

export interface RunOptions {
  /** Is written down before Mesos may forget it. */
  readonly settled?: (outcome: Outcome) => Promise<void>;
  /** Why it does not begin, or is not seen; empty when that is over. */
  readonly trouble?: (why: string) => void;
}

interface Entry {
  readonly task: MesosTask;
  readonly options: RunOptions;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** asked: whether the master knows it; wanted: it does not, so it may be launched; launched: it was, or is known. */
  state: 'asked' | 'wanted' | 'launched';
  since: number;
  /** When something was heard of it last. */
  heard: number;
  told: string;
}

/** States after which nothing of a task runs any more, and nothing of it will (mesos.proto, TaskState). */
const over = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** Milliseconds after which what was asked and not answered is asked again, and after which it is said why nothing fits. */
const turn = 1000;
const patience = 3000;
/** Milliseconds after which one that nothing is heard of is asked for (apache/mesos, docs/reconciliation.md). */
const recheck = 15 * 60_000;

/**
 * Runs tasks on Mesos, each once, however often the stream of events breaks. A task is launched only after the master has said on this stream that it does not
 * know it: what was sent on a stream that broke may have been done or not, and on another stream can be done no more. That one has ended
 * is acknowledged when whoever wanted it has written that down.
 */
export class TaskRunner {
  readonly #scheduler: Scheduler;
  readonly #entries = new Map<string, Entry>();
  /** What each agent offered last. */
  readonly #seen = new Map<string, Offer>();
  #suppressed = false;
  #connected = false;
  /** Why nothing is run any more; null while something is. */
  #over: unknown = null;
  readonly #timer: NodeJS.Timeout;

  constructor(options: SchedulerOptions, trouble: (why: string) => void = () => undefined) {
    this.#scheduler = new Scheduler(options, {
      subscribed: () => this.#subscribed(),
      event: (event) => this.#event(event),
      trouble: (why) => {
        this.#connected = false;
        trouble(why);
      },
    });
    this.#timer = setInterval(() => void this.#look(), turn);
    void this.#scheduler.run().catch((error: unknown) => {
      this.#over = error;
      for (const entry of this.#entries.values()) entry.reject(error);
      this.#entries.clear();
      clearInterval(this.#timer);
    });
  }

  /** Runs a task to its end, or sees one to its end that is running already. Throws SchedulerError. */
  run(task: MesosTask, options: RunOptions = {}): Promise<Outcome> {
    if (this.#over !== null) return Promise.reject(this.#over);
    const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
    const now = performance.now();
    const entry: Entry = { task, options, resolve, reject, state: 'asked', since: now, heard: now, told: '' };
    this.#entries.set(task.id, entry);
    if (this.#connected) void this.#ask([entry]);
    return promise;
  }

  /** Ends a task that is run; `run` then tells that it failed. */
  async kill(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    if (entry.state !== 'launched') {
      const resolve = await this.#settle(entry, { state: 'failed', why: 'it was told to stop' });
      return resolve();
    }
    await this.#call('KILL', { kill: { task_id: { value: id } } });
  }

  /** Lets go; what runs goes on. */
  close(): void {
    clearInterval(this.#timer);
    this.#scheduler.close();
  }

  async #subscribed(): Promise<void> {
    this.#connected = true;
    this.#suppressed = false;
    this.#seen.clear();
    for (const entry of this.#entries.values()) entry.state = 'asked';
    await this.#ask([...this.#entries.values()]);
  }

  /** Asks whether the master knows them. It does not answer as long as an agent of before has not come back. */
  async #ask(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return this.#turnOffers();
    const tasks = entries.map(({ task }) => ({ task_id: { value: task.id } }));
    await this.#call('RECONCILE', { reconcile: { tasks } });
  }

  async #event(event: MesosEvent): Promise<void> {
    if (event.type === 'OFFERS') await this.#offered(event.offers.offers);
    else if (event.type === 'UPDATE') await this.#updated(event.update.status);
  }

  async #offered(offers: readonly Offer[]): Promise<void> {
    for (const offer of offers) {
      this.#seen.set(offer.agent_id.value, offer);
      // One task for each offer: what is left of it comes back with the next.
      const fitting = [...this.#entries.values()].find(
        ({ state, task }) => state === 'wanted' && misfit(task, offer) === null,
      );
      if (fitting === undefined) {
        const decline = { offer_ids: [offer.id], filters: { refuse_seconds: turn / 1000 } };
        await this.#call('DECLINE', { decline });
        continue;
      }
      fitting.state = 'launched';
      this.#tell(fitting, '');
      const taken = await this.#call('ACCEPT', {
        accept: {
          offer_ids: [offer.id],
          operations: [{ type: 'LAUNCH', launch: { task_infos: [taskInfo(fitting.task, offer)] } }],
          filters: { refuse_seconds: 0 },
        },
      });
      if (!taken) fitting.state = 'asked';
    }
    await this.#turnOffers();
  }

  async #updated(status: Status): Promise<void> {
    const id = status.task_id.value;
    const entry = this.#entries.get(id);
    const resolve = entry && (await this.#follow(entry, status));
    const { agent_id, uuid } = status;
    // Of tasks that nobody waits for any more too, else they are told for ever.
    if (uuid !== undefined)
      await this.#call('ACKNOWLEDGE', { acknowledge: { agent_id, task_id: { value: id }, uuid } });
    // Last, for whoever hears of it may let go of this runner.
    resolve?.();
    await this.#turnOffers();
  }

  /** Gives what tells whoever waits for it that it has ended, if it has. */
  async #follow(
    entry: Entry,
    { state, message = '', reason = '' }: Status,
  ): Promise<(() => void) | undefined> {
    entry.heard = performance.now();
    if (state === 'TASK_UNKNOWN') {
      if (entry.state === 'asked') entry.state = 'wanted';
      return undefined;
    }
    // It was not begun: its offer had gone, or its agent was told too late.
    if (state === 'TASK_DROPPED' || (state === 'TASK_LOST' && reason === 'REASON_INVALID_OFFERS')) {
      entry.state = 'wanted';
      return undefined;
    }
    entry.state = 'launched';
    if (!over.has(state)) {
      const unseen = state === 'TASK_UNREACHABLE';
      this.#tell(entry, unseen ? 'its agent cannot be reached: whether it runs on is not known' : '');
      return undefined;
    }
    const why = `${state}${message === '' ? '' : `: ${message}`}`;
    return this.#settle(entry, state === 'TASK_FINISHED' ? { state: 'finished' } : { state: 'failed', why });
  }

  async #settle(entry: Entry, outcome: Outcome): Promise<() => void> {
    await entry.options.settled?.(outcome);
    this.#tell(entry, '');
    this.#entries.delete(entry.task.id);
    return () => entry.resolve(outcome);
  }

  /** Offers are wanted as long as there is something to launch. */
  async #turnOffers(): Promise<void> {
    const wants = [...this.#entries.values()].some(({ state }) => state === 'wanted');
    if (wants !== this.#suppressed) return;
    this.#suppressed = !wants;
    await this.#call(wants ? 'REVIVE' : 'SUPPRESS');
  }

  /** What was not answered is asked again, and what nothing fits is told why. */
  async #look(): Promise<void> {
    if (!this.#connected) return;
    const now = performance.now();
    const entries = [...this.#entries.values()];
    for (const entry of entries)
      if (entry.state === 'launched' && now - entry.heard > recheck) entry.state = 'asked';
    const asked = entries.filter(({ state, since }) => state === 'asked' && now - since > turn);
    if (asked.length > 0) await this.#ask(asked);
    for (const entry of entries)
      if (entry.state === 'wanted' && now - entry.since > patience)
        this.#tell(entry, misfits(entry.task, this.#seen));
  }

  #tell(entry: Entry, why: string): void {
    if (entry.told === why) return;
    entry.told = why;
    entry.options.trouble?.(why);
  }

  /** Whether it was taken. One that is lost, or comes too late, is made good after the next subscription. */
  async #call(type: string, content: Readonly<Record<string, unknown>> = {}): Promise<boolean> {
    try {
      await this.#scheduler.call(type, content);
      return true;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      return false;
    }
  }
}

function taskInfo({ id, name, command, container, cpus, mem }: MesosTask, offer: Offer): object {
  const allocation = offer.allocation_info && { allocation_info: offer.allocation_info };
  const resource = (of: string, amount: number) => ({
    name: of,
    type: 'SCALAR',
    scalar: { value: amount },
    role: '*',
    ...allocation,
  });
  // As Marathon tells its tasks: who they are, and where (mesosphere/marathon, EnvironmentHelper.scala).
  const own = [
    { name: 'MESOS_TASK_ID', value: id },
    { name: 'HOST', value: offer.hostname },
  ];
  return {
    name,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: [resource('cpus', cpus), resource('mem', mem)],
    command: { ...command, environment: { variables: [...(command.environment?.variables ?? []), ...own] } },
    container,
  };
}
