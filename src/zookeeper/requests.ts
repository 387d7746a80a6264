import type { Connection } from './connection.ts';
import { code, TooLargeError, UnreachableError, ZooKeeperError } from './errors.ts';
import { type JuteReader, JuteWriter } from './jute.ts';

/** Bytes of a request: a server that is sent more closes the connection (`jute.maxbuffer`, which is this where nobody has set another). */
export const largest = 0xfffff;

/** What is asked, and what reads the answer. */
export interface Question<T> {
  readonly op: number;
  readonly path: string;
  readonly write: (into: JuteWriter) => void;
  readonly read: (from: JuteReader) => T;
  /** What it gives where there is no such node; an error when not given. */
  readonly missing?: () => T;
}

interface Request {
  readonly op: number;
  readonly path: string;
  readonly body: Buffer;
  readonly answer: (error: number, from: JuteReader) => void;
  readonly fail: (error: unknown) => void;
  timer?: NodeJS.Timeout;
}

/** The requests of a session: those that wait for a connection, and those that were sent and not yet answered. */
export class Requests {
  readonly #waiting = new Set<Request>();
  /** By number, in the order of sending. */
  readonly #sent = new Map<number, Request>();
  #number = 0;
  /** What the last one was sent over. */
  #over: Connection | null = null;

  /**
   * Sends a request, or keeps it until there is a connection, so many milliseconds at most. The answer is read before anything that comes after it.
   * Throws ZooKeeperError, UnreachableError and TooLargeError.
   */
  ask<T>(
    question: Question<T>,
    connection: Connection | null,
    patience: number,
    why: () => Error,
  ): Promise<T> {
    const { op, path, write, read, missing } = question;
    const into = new JuteWriter();
    write(into);
    const body = into.body();
    if (body.length + 8 > largest)
      throw new TooLargeError(
        `${path}: ${body.length} bytes at once are more than ZooKeeper takes (${largest})`,
      );
    return new Promise<T>((resolve, reject) => {
      const request: Request = {
        op,
        path,
        body,
        fail: reject,
        answer: (error, from) => {
          try {
            if (error === code.noNode && missing) resolve(missing());
            else if (error === 0) resolve(read(from));
            else reject(new ZooKeeperError(error, path));
          } catch (wrong) {
            reject(wrong);
          }
        },
      };
      if (connection !== null) {
        this.#send(connection, request);
        return;
      }
      this.#waiting.add(request);
      request.timer = setTimeout(() => {
        this.#waiting.delete(request);
        reject(why());
      }, patience);
    });
  }

  /** Sends what waited. */
  sendAll(connection: Connection): void {
    for (const request of this.#waiting) this.#send(connection, request);
    this.#waiting.clear();
  }

  /** Nothing when it is not one of ours. */
  answered(number: number, error: number, from: JuteReader): void {
    const request = this.#sent.get(number);
    this.#sent.delete(number);
    if (this.#sent.size === 0) this.#over?.hold(false);
    request?.answer(error, from);
  }

  /** The connection broke: of what was sent nobody knows. */
  lost(): void {
    const sent = [...this.#sent.values()];
    this.#sent.clear();
    for (const { fail, path } of sent) fail(new ZooKeeperError(code.connectionLoss, path));
  }

  /** Nothing that waits will be sent any more. */
  giveUp(): void {
    for (const { timer, fail } of this.#waiting) {
      clearTimeout(timer);
      fail(new UnreachableError('the session with ZooKeeper was closed'));
    }
    this.#waiting.clear();
  }

  #send(connection: Connection, request: Request): void {
    clearTimeout(request.timer);
    this.#number = (this.#number % 0x7fffffff) + 1;
    this.#sent.set(this.#number, request);
    this.#over = connection;
    connection.hold(true);
    connection.send(new JuteWriter().int(this.#number).int(request.op).raw(request.body).frame());
  }
}
