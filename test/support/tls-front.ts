import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Authority } from './authority.ts';

/** A server of TLS; gives its URL, and is closed with all its connections. */
export class TlsServer implements AsyncDisposable {
  readonly #server: Server;
  url = '';

  constructor({ key, cert }: Authority, serve: (asked: IncomingMessage, answer: ServerResponse) => void) {
    this.#server = createServer({ key, cert }, serve);
  }

  async listen(address = '127.0.0.1'): Promise<this> {
    this.#server.listen(0, address);
    await once(this.#server, 'listening');
    this.url = `https://${address}:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Hands a request on to a server without TLS, and its answer back, as both come. */
export function handOn(asked: IncomingMessage, answer: ServerResponse, url: string): void {
  const { method, headers } = asked;
  const there = request(url, { method, headers }, (said) => {
    answer.writeHead(said.statusCode ?? 502, said.headers);
    answer.flushHeaders();
    said.on('error', () => answer.destroy());
    said.pipe(answer);
  });
  there.on('error', () => answer.destroy());
  answer.on('close', () => there.destroy());
  asked.pipe(there);
}
