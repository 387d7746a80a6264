import { once } from 'node:events';
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { text as read } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import { messageOf } from '../model/error.ts';
import { ApiError, type Asked, CredentialsError, unreachable } from './errors.ts';

export interface ApiRequest extends Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** application/json when not given. */
  readonly contentType?: string;
  /** application/json when not given. */
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte, after which the connection is taken for dead. */
  readonly silence?: number;
  /** Called when an answer that has no end begins. */
  readonly opened?: () => void;
  /** The program may end while this is open. */
  readonly quiet?: boolean;
}

/** What is asked of something in the cluster. */
export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly signal: AbortSignal;
}

/** An answer that does not come in this time will not (milliseconds); the server itself gives up after 60 s. */
const patience = 65_000;

/** How often a server that has too much to do is asked again (HTTP 429, API priority and fairness). */
const tries = 8;

/**
 * Requests to one API server over connections that are kept. (The client of @kubernetes/client-node opens one for each request, so only its
 * reading of credentials is used.)
 */
export class Transport {
  readonly server: string;
  readonly #config: KubeConfig;
  // The server closes idle connections later than that, so none is used that it is just closing.
  readonly #agent = new Agent({ keepAlive: true, timeout: 30_000, maxFreeSockets: 16 });
  readonly #plain = new PlainAgent({ keepAlive: true, timeout: 30_000 });

  /** Milliseconds by which the server's clock is ahead of ours. */
  #ahead = 0;

  constructor(config: KubeConfig) {
    this.#config = config;
    this.server = config.getCurrentCluster()?.server.replace(/\/+$/, '') ?? '';
  }

  /** Throws ApiError, ConnectionError, CredentialsError, or what the signal says. */
  async json(asked: ApiRequest): Promise<unknown> {
    const body = await this.text(asked);
    return body === '' ? null : JSON.parse(body);
  }

  /** Throws as `json` does. */
  async text(asked: ApiRequest): Promise<string> {
    return this.#read(await this.open(asked), asked.signal);
  }

  /** The answer's body as it comes, for what has no end. Throws as `json` does. */
  async open(asked: ApiRequest): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#send(asked);
      const code = answer.statusCode ?? 0;
      if (code >= 200 && code < 300) return answer;
      const body = await this.#read(answer, asked.signal);
      const wait = Number(answer.headers['retry-after']);
      if (code !== 429 || !(wait > 0) || attempt === tries)
        throw new ApiError(code, body, { verb: asked.verb, where: asked.where });
      await pause(wait * 1000, undefined, asked.signal ? { signal: asked.signal } : {});
    }
  }

  /** The answer line by line, for as long as it lasts. Throws as `json` does, also when the connection breaks in the middle. */
  async *lines(asked: ApiRequest): AsyncGenerator<string> {
    const answer = (await this.open(asked)).setEncoding('utf8');
    asked.opened?.();
    let rest = '';
    try {
      // (An interface of node:readline would never tell that the stream broke.)
      for await (const chunk of answer) {
        const parts = (rest + String(chunk)).split('\n');
        rest = parts.pop() ?? '';
        yield* parts;
      }
    } catch (error) {
      asked.signal?.throwIfAborted();
      throw unreachable(this.server, error);
    } finally {
      answer.destroy();
    }
    if (rest !== '') yield rest;
  }

  /** What the server's clock shows, in milliseconds since the epoch, as far as its last answer tells: to the second. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** A request that the API server hands on to something in the cluster: its answer, whatever its status. Throws ConnectionError, CredentialsError. */
  async proxy(asked: ProxiedRequest): Promise<IncomingMessage> {
    const { body, ...rest } = asked;
    return this.#send({ ...rest, verb: 'proxy' }, body ?? undefined, asked.headers);
  }

  /** Ends the connections that nobody uses. */
  close(): void {
    this.#agent.destroy();
    this.#plain.destroy();
  }

  async #send(
    asked: Omit<ApiRequest, 'method'> & { readonly method: string },
    payload: string | Uint8Array | undefined = asked.body === undefined
      ? undefined
      : JSON.stringify(asked.body),
    more: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const { method, path, query = {}, signal } = asked;
    const { accept = 'application/json', contentType = 'application/json' } = asked;
    signal?.throwIfAborted();
    const url = new URL(this.server + path);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, String(value));
    const options = await this.#credentials();
    const call = (url.protocol === 'http:' ? plainRequest : request)(url, {
      ...options,
      method,
      headers: {
        ...options.headers,
        accept,
        'user-agent': 'kollage',
        ...(payload === undefined
          ? {}
          : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
        ...more,
      },
      ...(signal ? { signal } : {}),
    });
    const silent = new Error('it is silent');
    call.setTimeout(asked.silence ?? patience, () => call.destroy(silent));
    if (asked.quiet) call.on('socket', (socket) => socket.unref());
    call.end(payload);
    try {
      const [answer] = (await once(call, 'response')) as [IncomingMessage];
      const date = Date.parse(answer.headers.date ?? '');
      if (date > 0) this.#ahead = date - Math.floor(Date.now() / 1000) * 1000;
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      // The server had closed a connection that was kept: nothing was done.
      if (method === 'GET' && call.reusedSocket && error !== silent) return this.#send(asked, payload, more);
      throw unreachable(this.server, error);
    }
  }

  async #read(answer: IncomingMessage, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await read(answer);
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(this.server, error);
    }
  }

  /** Certificates, tokens and what a plugin gives, asked for each time: they expire, and files of them are replaced. */
  async #credentials(): Promise<RequestOptions> {
    const options: RequestOptions = {};
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (cause) {
      throw new CredentialsError(`the credentials cannot be had: ${messageOf(cause)}`, { cause });
    }
    // Theirs keeps no connection; but only it knows the way through a proxy.
    if (this.#config.getCurrentCluster()?.proxyUrl) return options;
    return { ...options, agent: this.server.startsWith('http:') ? this.#plain : this.#agent };
  }
}
