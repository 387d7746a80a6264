import { once } from 'node:events';
import {
  request as ask,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';

/**
 * A Marathon that does not lead: it hands requests on to the one that does, but sends who wants events to it (mesosphere/marathon, api/LeaderProxyFilter.scala:
 * shouldBeRedirectedToLeader, api/forwarder/AsyncUrlConnectionRequestForwarder.scala), on another host, where clients do not show credentials by themselves.
 */
export class Follower {
  readonly #leader: () => string;
  readonly #server: Server;
  #url = '';

  constructor(leader: () => string) {
    this.#leader = leader;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  get url(): string {
    return this.#url;
  }

  async listen(address: string): Promise<void> {
    this.#server.listen(0, address);
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    this.#url = `http://${address}:${typeof bound === 'object' && bound ? bound.port : 0}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { url = '/', method = 'GET', headers } = request;
    const there = `${this.#leader()}${url}`;
    if (url.startsWith('/v2/events')) {
      response.writeHead(302, { Location: there }).end();
      return;
    }
    const forwarded = ask(there, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, Via: '1.1 follower' });
      answer.pipe(response);
    });
    forwarded.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(502, { 'Content-Type': 'application/json' })
          .end(JSON.stringify({ message: error.message }));
    });
    request.pipe(forwarded);
  }
}
