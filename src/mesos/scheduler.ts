import { setTimeout as pause } from 'node:timers/promises';
import { KollageError, messageOf } from '../model/error.ts';
import { CallError, SchedulerError } from './errors.ts';
import { event, type MesosEvent } from './events.ts';
import { basic, type Fetch, Http } from './http.ts';
import { records } from './recordio.ts';

/** Where the number is kept under which a master knows this scheduler, so that the next process is the same one to it. */
export interface FrameworkMemory {
  recall(): Promise<string | null>;
  keep(id: string | null): Promise<void>;
}

export interface SchedulerOptions {
  /** URLs of masters, `http://master:5050`; which of them leads is asked. */
  readonly masters: readonly string[];
  readonly memory: FrameworkMemory;
  /** How Mesos calls it, and as whom its tasks run. */
  readonly name: string;
  readonly user: string;
  readonly role: string;
  /** Who it is to the masters, and what it shows to those that ask (HTTP basic authentication). */
  readonly principal?: string;
  readonly secret?: string;
  readonly fetch?: Fetch;
  /** Seconds for which a master keeps the tasks of a scheduler that is away. */
  readonly failoverTimeout?: number;
}

export interface SchedulerEvents {
  /** After each beginning of a stream: what was sent on the one before may have been lost. Nothing else is told before it resolves. */
  readonly subscribed: () => Promise<void> | void;
  readonly event: (event: MesosEvent) => Promise<void> | void;
  /** No master takes it; once for each new reason. */
  readonly trouble: (why: string) => void;
}

/** Heartbeats that may be missed before a stream counts as dead (apache/mesos, scheduler-http-api.md). */
const missed = 5;
/** Milliseconds between two rounds of asking all masters, at first and at most. */
const pauses = { first: 100, most: 5000 };
const path = '/api/v1/scheduler';

/**
 * A scheduler of Mesos over its v1 HTTP API: one stream of events from the master that leads, taken up again under the same number whenever it breaks, with
 * whichever leads then; and calls beside it.
 */
export class Scheduler {
  readonly #options: SchedulerOptions & Required<Pick<SchedulerOptions, 'fetch'>>;
  readonly #events: SchedulerEvents;
  readonly #stop = new AbortController();
  #stream: { readonly master: string; readonly id: string; readonly framework: string } | null = null;
  #breaking = new AbortController();
  #told = '';

  constructor(options: SchedulerOptions, events: SchedulerEvents) {
    this.#options = { fetch: new Http().fetch, ...options };
    this.#events = events;
  }

  /** Goes on until it is closed. Throws SchedulerError when it may not, KLG-562 and 565 as `fetch` does. */
  async run(): Promise<void> {
    const { masters } = this.#options;
    for (let tries = 0; !this.#stop.signal.aborted; tries++) {
      let master: string | undefined = masters[tries % masters.length];
      // One that does not lead says who does.
      for (let hops = 0; master !== undefined && hops < 3; hops++) {
        const next: string | null = await this.#follow(master);
        if (next === null) tries = -1;
        master = next === null || next === master ? undefined : next;
      }
      const most = Math.min(pauses.most, pauses.first * 2 ** Math.max(0, tries));
      const { signal } = this.#stop;
      await pause(most * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Makes a call on the stream of now. Throws CallError: the stream is taken up anew then, where that is the cause.
   */
  async call(type: string, content: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const stream = this.#stream;
    if (stream === null) throw new CallError(0, 'no Mesos master is reached');
    const body = { framework_id: { value: stream.framework }, type, ...content };
    const breaking = this.#breaking;
    // A master that says nothing is not waited for: where its stream is given up, so is what was asked.
    const signal = AbortSignal.any([breaking.signal, this.#stop.signal]);
    let answer: Response;
    try {
      answer = await this.#post(stream.master, body, { 'Mesos-Stream-Id': stream.id }, signal);
    } catch (error) {
      breaking.abort();
      throw new CallError(0, messageOf(error));
    }
    const text = await answer.text().catch(() => '');
    if (answer.status === 202 || answer.status === 200) return;
    // Another one leads, or has begun a stream in our place: both are told by the stream itself, or end it.
    if (answer.status !== 400) breaking.abort();
    throw new CallError(answer.status, text || `HTTP ${answer.status}`);
  }

  /** Lets go of the master; what runs goes on, and a next one under the same number finds it. */
  close(): void {
    this.#stop.abort();
    this.#breaking.abort();
  }

  /** Asks a master and reads what it tells until the stream breaks: null then; a master's URL to ask instead; the same where it takes nobody. */
  async #follow(master: string): Promise<string | null> {
    this.#breaking = new AbortController();
    const breaking = AbortSignal.any([this.#breaking.signal, this.#stop.signal]);
    let began = false;
    try {
      const id = await this.#options.memory.recall();
      const answer = await this.#post(master, this.#subscription(id), {}, breaking);
      if (answer.status === 307) {
        await answer.body?.cancel();
        return leaderOf(answer, master);
      }
      if (answer.status !== 200 || answer.body === null) {
        const said = (await answer.text()).trim();
        if (answer.status === 401 || answer.status === 403)
          throw new SchedulerError(
            `the Mesos master ${master} does not take this scheduler: ${said || `HTTP ${answer.status}`}`,
          );
        throw new Error(said || `HTTP ${answer.status}`);
      }
      const stream = answer.headers.get('Mesos-Stream-Id') ?? '';
      await this.#read(master, stream, answer.body, () => {
        began = true;
      });
    } catch (error) {
      if (error instanceof SchedulerError || error instanceof KollageError) throw error;
      this.#tell(`${master}: ${messageOf(error)}`);
    } finally {
      this.#stream = null;
    }
    return began ? null : master;
  }

  async #read(master: string, id: string, body: AsyncIterable<Uint8Array>, began: () => void): Promise<void> {
    let silence: NodeJS.Timeout | undefined;
    let patience = 30_000;
    const alive = () => {
      clearTimeout(silence);
      silence = setTimeout(() => this.#breaking.abort(), patience);
    };
    alive();
    try {
      for await (const record of records(body)) {
        alive();
        const parsed = event.safeParse(JSON.parse(record.toString()));
        // There are kinds of events that do not concern us.
        if (!parsed.success) continue;
        const { data } = parsed;
        if (data.type === 'SUBSCRIBED') {
          const framework = data.subscribed.framework_id.value;
          patience = data.subscribed.heartbeat_interval_seconds * 1000 * missed;
          await this.#options.memory.keep(framework);
          this.#stream = { master, id, framework };
          this.#told = '';
          began();
          await this.#events.subscribed();
        } else if (data.type === 'ERROR') await this.#refused(data.error.message);
        else if (data.type !== 'HEARTBEAT') await this.#events.event(data);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  /** What a master says before it closes the stream for good. */
  async #refused(message: string): Promise<void> {
    // It was away for too long, and all that it had was ended: it begins anew.
    if (/has been removed/.test(message)) return this.#options.memory.keep(null);
    throw new SchedulerError(`the Mesos master ends the subscription: ${message}`);
  }

  #subscription(id: string | null): object {
    const { name, user, role, principal, failoverTimeout = 7 * 24 * 3600 } = this.#options;
    const known = id === null ? {} : { id: { value: id } };
    return {
      type: 'SUBSCRIBE',
      ...(id !== null && { framework_id: { value: id } }),
      subscribe: {
        framework_info: {
          ...known,
          user,
          name,
          roles: [role],
          failover_timeout: failoverTimeout,
          checkpoint: true,
          capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
          ...(principal !== undefined && { principal }),
        },
      },
    };
  }

  #post(
    master: string,
    body: object,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { fetch, principal, secret } = this.#options;
    return fetch(`${master}${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        ...(secret !== undefined && basic(principal ?? '', secret)),
        ...headers,
      },
      body: JSON.stringify(body),
      signal,
    });
  }

  #tell(why: string): void {
    if (why === this.#told || this.#stop.signal.aborted) return;
    this.#told = why;
    this.#events.trouble(why);
  }
}

/** Who leads, as a master says it that does not: `//host:5050/api/v1/scheduler`. */
function leaderOf(answer: Response, asked: string): string {
  const { protocol, host } = new URL(answer.headers.get('Location') ?? '', asked);
  return `${protocol}//${host}`;
}
