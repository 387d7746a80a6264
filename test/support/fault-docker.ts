import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  request as ask,
  createServer,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';

/**
 * What befalls a call: an answer of that status, without asking the daemon; the connection is cut before the daemon hears of it; or after it has
 * answered, whose answer nobody gets.
 */
export type Fault = 500 | 409 | 'cut before' | 'cut after';

export const faults: readonly Fault[] = [500, 409, 'cut before', 'cut after'];

/** Stands before a real Docker daemon, hands everything on, and lets calls fail that a test names. */
export class FaultDocker {
  readonly socket: string;
  /** Every call since this was emptied, such as `POST /containers/:id/start`. */
  readonly calls: string[] = [];
  readonly #root = mkdtempSync(join(tmpdir(), 'kollage-fault-'));
  readonly #daemon: string;
  readonly #server = createServer((request, response) => this.#request(request, response));
  readonly #open = new Set<Socket>();
  #which: (call: string) => Fault | null = () => null;

  /** `daemon`: the path of its socket. */
  constructor(daemon = '/var/run/docker.sock') {
    this.#daemon = daemon;
    this.socket = join(this.#root, 'docker.sock');
    this.#server.on('upgrade', (request, socket, head) => void this.#upgrade(request, socket, head));
    this.#server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.socket, resolve));
  }

  /** From now on asks for each call what befalls it. */
  fail(which: (call: string) => Fault | null): void {
    this.#which = which;
  }

  /** The nth of these calls fails once. Gives a function that tells whether it has. */
  failOnce(call: string, nth: number, fault: Fault): () => boolean {
    let seen = 0;
    this.fail((one) => (one === call && ++seen === nth ? fault : null));
    return () => seen >= nth;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#root, { recursive: true });
  }

  #fate(request: IncomingMessage): Fault | null {
    const call = nameOf(request);
    this.calls.push(call);
    return this.#which(call);
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const fault = this.#fate(request);
    if (fault === 'cut before') return void request.socket.destroy();
    if (fault === 500 || fault === 409) {
      request.resume();
      response.writeHead(fault, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: 'so the test wants it' }));
      return;
    }
    const onward = ask(this.#onward(request), (answer) => {
      if (fault === 'cut after') {
        answer.resume();
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
    });
    onward.on('error', () => request.socket.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }

  /** A command whose streams are the connection itself. */
  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const body = await bodyOf(request, socket, head);
    const fault = this.#fate(request);
    if (fault === 'cut before') return void socket.destroy();
    if (fault === 500 || fault === 409) {
      const said = JSON.stringify({ message: 'so the test wants it' });
      socket.end(
        `HTTP/1.1 ${fault} No\r\nContent-Type: application/json\r\nContent-Length: ${said.length}\r\nConnection: close\r\n\r\n${said}`,
      );
      return;
    }
    const onward = ask(this.#onward(request));
    onward.on('upgrade', (answer, far, rest) => {
      if (fault === 'cut after') {
        socket.destroy();
        far.destroy();
        return;
      }
      socket.write(`HTTP/1.1 101 UPGRADED\r\n${headerLines(answer)}\r\n\r\n`);
      socket.write(rest);
      far.pipe(socket).pipe(far);
      far.on('error', () => socket.destroy());
      socket.on('error', () => far.destroy());
    });
    onward.on('response', (answer) => {
      socket.write(`HTTP/1.1 ${answer.statusCode} No\r\n${headerLines(answer)}\r\n\r\n`);
      answer.pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    onward.end(body);
  }

  #onward({ method, url, headers }: IncomingMessage): RequestOptions {
    return { socketPath: this.#daemon, method: method ?? 'GET', path: url ?? '/', headers };
  }
}

/** What comes with a request that wants the connection for itself: Node leaves that in the connection. */
async function bodyOf({ headers }: IncomingMessage, socket: Duplex, head: Buffer): Promise<Buffer> {
  const length = Number(headers['content-length'] ?? 0);
  let body = head;
  while (body.length < length) body = Buffer.concat([body, (await once(socket, 'data'))[0]]);
  return body;
}

/** A call without what is another one each time: the API's version, names, and parameters. */
function nameOf({ method, url = '' }: IncomingMessage): string {
  const path = url.replace(/\?.*$/, '').replace(/^\/v[\d.]+/, '');
  const words = path.split('/');
  const list = new Set(['create', 'json', 'prune']);
  if (words.length > 2 && !list.has(words[2] ?? '')) words[2] = ':id';
  return `${method} ${words.join('/')}`;
}

function headerLines({ rawHeaders }: IncomingMessage): string {
  return rawHeaders
    .flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []))
    .join('\r\n');
}
