import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as ask } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { scratch } from './folders.ts';

/** What befalls a request: an answer of that status, without asking the server; or the connection is cut after the server has answered, whose answer nobody gets. */
export type Fault = 401 | 'cut after';

const kubeconfig = z.looseObject({
  clusters: z.tuple([
    z.looseObject({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) }),
  ]),
  users: z.tuple([
    z.looseObject({
      user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }),
    }),
  ]),
});

/** Stands before a real API server, hands everything on as its administrator, and lets requests fail that a test names. */
export class FaultApi {
  /** A kubeconfig that leads here. */
  readonly kubeconfig: string;
  /** The requests that change something, since this was emptied, such as `PATCH deployments`. */
  readonly changes: string[] = [];
  readonly #server = createServer((request, response) => this.#request(request, response));
  readonly #open = new Set<Socket>();
  readonly #agent: Agent;
  readonly #upstream: URL;
  readonly #given: z.infer<typeof kubeconfig>;
  #which: (change: string | null) => Fault | null = () => null;

  /** `given`: the path of the administrator's kubeconfig. */
  constructor(given: string) {
    this.#given = kubeconfig.parse(parse(readFileSync(given, 'utf8')));
    const { cluster } = this.#given.clusters[0];
    const { user } = this.#given.users[0];
    const decoded = (text: string) => Buffer.from(text, 'base64');
    this.#agent = new Agent({
      ca: decoded(cluster['certificate-authority-data']),
      cert: decoded(user['client-certificate-data']),
      key: decoded(user['client-key-data']),
      keepAlive: true,
    });
    this.#upstream = new URL(cluster.server);
    this.kubeconfig = join(scratch(), 'kubeconfig');
    this.#server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const { port } = this.#server.address() as AddressInfo;
    const server = `http://127.0.0.1:${port}`;
    const clusters = this.#given.clusters.map((one) => ({
      ...one,
      cluster: { server, 'insecure-skip-tls-verify': true },
    }));
    const users = this.#given.users.map((one) => ({ ...one, user: {} }));
    writeFileSync(this.kubeconfig, stringify({ ...this.#given, clusters, users }));
  }

  /** From now on asks for each request what befalls it; `change` is null for one that only reads. */
  fail(which: (change: string | null) => Fault | null): void {
    this.#which = which;
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = request;
    const change = method === 'GET' ? null : `${method} ${kindOf(url)}`;
    if (change !== null) this.changes.push(change);
    const fault = this.#which(change);
    if (fault === 401) {
      request.resume();
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', message: 'Unauthorized', code: 401 }));
      return;
    }
    const { hostname, port } = this.#upstream;
    const onward = ask(
      { agent: this.#agent, hostname, port, method, path: url, headers: { ...headers, host: hostname } },
      (answer) => {
        if (fault === 'cut after') {
          answer.resume();
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.on('error', () => request.socket.destroy());
      },
    );
    onward.on('error', () => request.socket.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  }
}

/** The plural of what a request is about. */
function kindOf(url: string): string {
  const words = url.replace(/\?.*$/, '').split('/').filter(Boolean);
  const rest = words.slice(words[0] === 'api' ? 2 : 3);
  return (rest[0] === 'namespaces' && rest.length > 2 ? rest[2] : rest[0]) ?? '';
}
