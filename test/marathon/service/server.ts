import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { send, textOf } from './answers.ts';
import { answer } from './http.ts';
import type { Marathon } from './marathon.ts';

export interface ServerOptions {
  readonly address: string;
  /** `--http_credentials`. */
  readonly credentials?: { readonly user: string; readonly password: string } | undefined;
}

/** Marathon as it is reached: its API, event streams, who may ask, and times without a leader. */
export class MarathonServer {
  readonly #marathon: Marathon;
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #leads: { now: boolean; since: number } = { now: true, since: 0 };
  #host = '';

  constructor(marathon: Marathon, options: ServerOptions) {
    this.#marathon = marathon;
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (!response.headersSent) send(response, { status: 500, body: { message } });
      });
    });
  }

  get url(): string {
    return `http://${this.#host}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, this.#options.address);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.#host = `${this.#options.address}:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** For so many milliseconds nobody leads: all streams end, and who asks is told so. */
  async changeLeader(milliseconds: number): Promise<void> {
    this.#leads.now = false;
    this.#leads.since = Date.now();
    await this.#marathon.changeLeader(() => new Promise((resolve) => setTimeout(resolve, milliseconds)));
    this.#leads.now = true;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await textOf(request);
    const url = new URL(request.url ?? '', 'http://marathon');
    // Health checks of balancers must come through (api/HttpModule.scala: addSecurityHandler).
    if (url.pathname === '/ping')
      return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('pong');
    const { credentials } = this.#options;
    const wanted =
      credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    if (wanted !== undefined && request.headers.authorization !== `Basic ${wanted}`)
      return send(response, {
        status: 401,
        body: { message: 'Invalid username or password.' },
        headers: { 'WWW-Authenticate': 'Basic realm="Mesosphere"' },
      });
    if (!this.#leads.now) return this.#headless(response);
    if (url.pathname === '/v2/events' && request.method === 'GET') {
      if (!(request.headers.accept ?? '').includes('text/event-stream'))
        return send(response, { status: 406, body: { message: 'Not Acceptable' } });
      return this.#marathon.events.attach(
        response,
        url.searchParams.getAll('event_type'),
        request.socket.remoteAddress ?? '',
      );
    }
    const asked = {
      method: request.method ?? 'GET',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      text,
    };
    send(response, answer(this.#marathon, this.#host, asked));
  }

  /** Without a leader a request is refused by who cannot hand it on, and by who begins to lead and is not ready (api/LeaderProxyFilter.scala). */
  #headless(response: ServerResponse): void {
    if (Date.now() - this.#leads.since > 300) {
      send(response, { status: 503 });
      return;
    }
    const page = '<html><body><h2>HTTP ERROR 502 Could not determine the current leader</h2></body></html>';
    response.writeHead(502, { 'Content-Type': 'text/html;charset=iso-8859-1' }).end(page);
  }
}
