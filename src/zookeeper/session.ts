import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../model/error.ts';
import { Connection, type Server } from './connection.ts';
import { UnreachableError } from './errors.ts';
import { type JuteReader, JuteWriter } from './jute.ts';
import { type Credentials, noSession, opcode, reserved } from './protocol.ts';
import { type Question, Requests } from './requests.ts';
import { Watches } from './watches.ts';

export interface SessionOptions {
  readonly servers: readonly Server[];
  readonly credentials: readonly Credentials[];
  /** Milliseconds without a sign of life after which the ensemble ends a session; it may choose another time (2 to 20 of its ticks). */
  readonly timeout: number;
  /** Milliseconds that a request waits for a connection at most. */
  readonly patience: number;
}

/** Milliseconds between two rounds of asking all servers, at first and at most. */
const pauses = { first: 50, most: 2000 };

/**
 * A session with an ensemble, over one connection at a time. When that breaks, another is made to a server of the list, shows who we are, and sets the
 * watches again; what was sent and not answered fails with `connectionLoss`, what was not sent yet waits. A session that has expired is
 * followed by a new one; `expired` is told, and every watch. Nobody else than the ensemble says that one has expired, but where that cannot be
 * asked for longer than it can live, it is taken for expired.
 */
export class Session {
  readonly watches = new Watches();
  readonly #options: SessionOptions;
  readonly #requests = new Requests();
  readonly #onExpired = new Set<() => void>();
  #connection: Connection | null = null;
  #session: typeof noSession = noSession;
  #timeout: number;
  #lastSeen = 0n;
  /** Since when there is no connection (performance.now); null while there is. */
  #alone: number | null = null;
  #trouble = 'it was not asked yet';
  #closed = false;
  #connecting: Promise<void> | null = null;
  readonly #closing = new AbortController();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#timeout = options.timeout;
  }

  /** Its number; 0 where there is none. */
  get id(): bigint {
    return this.#session.id;
  }

  /** Milliseconds, as the ensemble has it. */
  get timeout(): number {
    return this.#timeout;
  }

  /** Calls back when this session, or one that follows it, has expired; gives what ends that. */
  onExpired(callback: () => void): () => void {
    this.#onExpired.add(callback);
    return () => void this.#onExpired.delete(callback);
  }

  /**
   * Sends a request; they are answered in their order. Throws ZooKeeperError: with `connectionLoss` it may have been done or not; UnreachableError
   * when there was no connection to send it over; TooLargeError.
   */
  async request<T>(question: Question<T>): Promise<T> {
    if (this.#closed) throw new UnreachableError('the session with ZooKeeper was closed');
    const { patience } = this.#options;
    const answer = this.#requests.ask(question, this.#connection, patience, () => this.#unreachable());
    if (this.#connection === null) this.#connecting ??= this.#connect();
    return answer;
  }

  /** Ends the session, and with it what was ephemeral in it. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#connection !== null)
      await this.request({ op: opcode.close, path: '', write: nothing, read: nothing }).catch(nothing);
    this.#closed = true;
    this.#closing.abort();
    this.#connection?.destroy();
    this.#requests.giveUp();
    await this.#connecting;
  }

  /** Asks the servers one after the other, from one that chance chooses on, until one takes us; gives up only when the session is closed. */
  async #connect(): Promise<void> {
    this.#alone ??= performance.now();
    const { servers } = this.#options;
    const begin = Math.floor(Math.random() * servers.length);
    for (let tries = 0; !this.#closed; tries++) {
      const server = servers[(begin + tries) % servers.length];
      if (server === undefined || (await this.#tryServer(server))) break;
      this.#giveUpSession();
      const round = Math.floor((tries + 1) / servers.length);
      const between =
        (tries + 1) % servers.length === 0 ? Math.min(pauses.most, pauses.first * 2 ** round) : 0;
      // Who waits for an answer waits with a timer of its own; nobody else is held up.
      const { signal } = this.#closing;
      await pause(between * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(
        () => undefined,
      );
    }
    this.#connecting = null;
  }

  async #tryServer(server: Server): Promise<boolean> {
    const wanted = { ...this.#session, timeout: this.#options.timeout };
    const patience = Math.max(1000, this.#timeout / this.#options.servers.length);
    try {
      const connection = await Connection.open(server, wanted, this.#lastSeen, patience, {
        frame: (frame) => this.#read(frame),
        closed: (why) => this.#lost(why),
        idle: () => this.#connection?.send(frame(reserved.ping, opcode.ping)),
      });
      if (connection.session.timeout <= 0) {
        connection.destroy();
        this.#expire();
        return false;
      }
      if (this.#closed) connection.destroy();
      this.#begin(connection);
      return true;
    } catch (error) {
      this.#trouble = `${server.host}:${server.port}: ${messageOf(error)}`;
      return false;
    }
  }

  #begin(connection: Connection): void {
    const { id, secret, timeout } = connection.session;
    this.#session = { id, secret };
    this.#timeout = timeout;
    this.#connection = connection;
    this.#alone = null;
    for (const { user, password } of this.#options.credentials) {
      const auth = (into: JuteWriter) => into.int(0).text('digest').text(`${user}:${password}`);
      connection.send(frame(reserved.auth, opcode.auth, auth));
    }
    const paths = this.watches.paths();
    if (paths.some(({ length }) => length > 0)) {
      const again = (into: JuteWriter) => {
        into.long(this.#lastSeen);
        for (const list of paths) into.list(list, (path) => into.text(path));
      };
      connection.send(frame(reserved.setWatches, opcode.setWatches, again));
    }
    this.#requests.sendAll(connection);
  }

  #read(from: JuteReader): void {
    const number = from.int();
    const seen = from.long();
    const error = from.int();
    if (seen > 0n) this.#lastSeen = seen;
    if (number === reserved.watch) {
      const type = from.int();
      from.int();
      this.watches.fire(type, from.text());
      return;
    }
    this.#requests.answered(number, error, from);
  }

  #lost(why: Error): void {
    if (this.#connection === null) return;
    this.#connection = null;
    this.#trouble = why.message;
    this.#requests.lost();
    if (!this.#closed) this.#connecting ??= this.#connect();
  }

  /** A third beyond its time no server has heard of us, so none has the session any more. */
  #giveUpSession(): void {
    const alone = performance.now() - (this.#alone ?? performance.now());
    if (this.#session.id !== 0n && alone > (this.#timeout * 4) / 3) this.#expire();
  }

  #expire(): void {
    this.#session = noSession;
    // An ensemble that was made anew has seen less than we have, and would never take us.
    this.#lastSeen = 0n;
    this.#alone = performance.now();
    this.watches.lost();
    for (const callback of [...this.#onExpired]) callback();
  }

  #unreachable(): UnreachableError {
    const servers = this.#options.servers.map(({ host, port }) => `${host}:${port}`).join(', ');
    return new UnreachableError(`ZooKeeper (${servers}) does not answer: ${this.#trouble}`);
  }
}

function frame(number: number, op: number, write: (into: JuteWriter) => void = nothing): Buffer {
  const into = new JuteWriter().int(number).int(op);
  write(into);
  return into.frame();
}

function nothing(): void {}
