import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { KollageError, messageOf } from '../model/error.ts';
import { bodyOf } from './http-body.ts';

/** A request, as far as clients here make any. A body is a text, so that it can be sent once more. */
export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** As the `fetch` of every program, but that redirections are the caller's. */
export type Fetch = (url: string, asked?: Asked) => Promise<Response>;

/** What OpenSSL and Node call a certificate that is not trusted (https://nodejs.org/api/tls.html, X509 certificate error codes). */
const untrusted =
  /^(UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|UNABLE_TO_VERIFY_LEAF_SIGNATURE|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_\w+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/** Milliseconds for which a connection that something is wanted of may be silent: streams of events say every 15 s that they live. */
const silence = 5 * 60_000;

/** HTTP and HTTPS with an authority of the operator's own, which Node's `fetch` cannot be told of. Connections are kept. */
export class Http {
  readonly #plain = new PlainAgent({ keepAlive: true });
  readonly #secure: Agent;

  /** `ca`: PEM of who signed the servers' certificates; those that Node trusts when not given. */
  constructor(ca?: string) {
    this.#secure = new Agent({ keepAlive: true, ...(ca !== undefined && { ca }) });
  }

  /** Throws TypeError where nobody answers or the connection breaks, KLG-562 for a certificate that is not trusted, and what the signal says. */
  readonly fetch: Fetch = (url, { method = 'GET', headers = {}, body, signal } = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const isPlain = url.startsWith('http:');
    const told = (cause: unknown): unknown => (signal?.aborted ? signal.reason : failure(url, cause));
    const asking = (isPlain ? plainRequest : request)(
      url,
      {
        method,
        agent: isPlain ? this.#plain : this.#secure,
        timeout: silence,
        headers: {
          ...headers,
          ...(body !== undefined && { 'Content-Length': Buffer.byteLength(body) }),
        },
        ...(signal && { signal }),
      },
      (answer) => {
        const { statusCode: status = 0, statusMessage: statusText = '' } = answer;
        const isEmpty = status === 204 || status === 304;
        if (isEmpty) answer.resume();
        const lines = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        const content = isEmpty ? null : bodyOf(answer, told);
        resolve(new Response(content, { status, statusText, headers: lines }));
      },
    );
    asking.on('timeout', () => asking.destroy(new Error('it has been silent for five minutes')));
    asking.on('error', (cause) => reject(told(cause)));
    asking.end(body);
    return promise;
  };

  /** Lets go of connections that are kept. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }
}

/** The header that shows who somebody is (HTTP basic authentication, RFC 7617). */
export function basic(user: string, password: string): { readonly Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

/** A request that follows those who send on to who leads (302, 307), and shows them who we are, which the `fetch` of programs would not. */
export async function followed(fetch: Fetch, url: string, asked: Asked, hops = 3): Promise<Response> {
  const answer = await fetch(url, asked);
  const to = answer.headers.get('Location');
  if (hops === 0 || to === null || ![302, 307].includes(answer.status)) return answer;
  await answer.body?.cancel();
  return followed(fetch, new URL(to, url).href, asked, hops - 1);
}

function failure(url: string, cause: unknown): Error {
  const why = messageOf(cause);
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!untrusted.test(code)) return new TypeError(why || code || 'the connection broke', { cause });
  const { host } = new URL(url);
  const message = `the certificate of ${host} is not trusted: ${why}`;
  return new KollageError({ code: 'KLG-562', message }, { cause });
}
