import { connect, type Socket } from 'node:net';
import { JuteReader } from './jute.ts';
import { connectRequest, readConnectAnswer, type SessionId } from './protocol.ts';

export interface Server {
  readonly host: string;
  readonly port: number;
}

/** What a connection hands on once it is open. */
export interface ConnectionEvents {
  readonly frame: (frame: JuteReader) => void;
  /** Once. Nothing comes after it. */
  readonly closed: (why: Error) => void;
  /** It is time to send a sign of life. */
  readonly idle: () => void;
}

/** The largest answer that we take: `jute.maxbuffer` of a server is 1 MiB, and what it answers may be a little more. */
const largest = 64 * 1024 * 1024;

/**
 * One connection to one server, which keeps a session alive. A server that says nothing for two thirds of the session's time is taken for dead, so
 * that there is time for another one (ClientCnxn.java).
 */
export class Connection {
  readonly session: SessionId;
  readonly #socket: Socket;
  readonly #timers: NodeJS.Timeout[] = [];

  private constructor(socket: Socket, session: SessionId, frames: Frames, events: ConnectionEvents) {
    this.session = session;
    this.#socket = socket;
    let heard = performance.now();
    frames.to = (frame) => {
      heard = performance.now();
      events.frame(new JuteReader(frame));
    };
    socket.on('error', () => undefined);
    socket.once('close', () => {
      for (const timer of this.#timers) clearInterval(timer);
      events.closed(frames.broken ?? new Error('the connection was closed'));
    });
    const silence = (session.timeout * 2) / 3;
    this.#timers.push(
      setInterval(() => events.idle(), session.timeout / 3),
      setInterval(() => {
        if (performance.now() - heard > silence) this.#socket.destroy();
      }, session.timeout / 12),
    );
  }

  /**
   * Opens a connection and a session on it, or takes one up again; `timeout` of the answer's session is 0 where that has expired. Throws
   * when nobody answers within `patience` milliseconds, and when this server has seen less than we have.
   */
  static async open(
    server: Server,
    session: SessionId,
    lastSeen: bigint,
    patience: number,
    events: ConnectionEvents,
  ): Promise<Connection> {
    const socket = connect({ ...server, noDelay: true, keepAlive: true });
    const frames = new Frames(socket);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error('no answer'));
      }, patience);
      const failed = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      socket.once('error', failed);
      socket.once('close', () => failed(new Error('it closes the connection')));
      socket.once('connect', () => socket.write(connectRequest(session, lastSeen)));
      frames.to = (frame) => {
        clearTimeout(timer);
        frames.to = null;
        resolve(frame);
      };
    });
    return new Connection(socket, readConnectAnswer(new JuteReader(answer)), frames, events);
  }

  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  /** Whether the process goes on for its sake: it does while something is asked, and else ends without it. */
  hold(busy: boolean): void {
    // One that has broken would remember each of these calls, to make it when it connects.
    if (this.#socket.destroyed) return;
    for (const one of [this.#socket, ...this.#timers]) busy ? one.ref() : one.unref();
  }

  /** Ends it after what was sent. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

/** Puts together what comes in pieces. While there is nobody to give a frame to, it is kept. */
class Frames {
  broken: Error | null = null;
  #to: ((frame: Buffer) => void) | null = null;
  #kept: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    socket.on('data', (piece) => {
      this.#kept = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
      try {
        this.#give();
      } catch (error) {
        this.broken = error instanceof Error ? error : new Error(String(error));
        socket.destroy();
      }
    });
  }

  set to(to: ((frame: Buffer) => void) | null) {
    this.#to = to;
    this.#give();
  }

  #give(): void {
    while (this.#to !== null && this.#kept.length >= 4) {
      const length = this.#kept.readInt32BE(0);
      if (length < 0 || length > largest)
        throw new RangeError(`an answer of ${length} bytes is none of ZooKeeper`);
      if (this.#kept.length < 4 + length) return;
      const frame = this.#kept.subarray(4, 4 + length);
      this.#kept = this.#kept.subarray(4 + length);
      this.#to(frame);
    }
  }
}
