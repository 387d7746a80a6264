import { z } from 'zod';
import { type Asked, type Fetch, Http } from '../../mesos/http.ts';
import { KollageError } from '../../model/error.ts';
import { type Account, endOf, loginBody } from './account.ts';

export interface RouterOptions {
  /** The cluster's URL, `https://dcos.example.org`, without a slash at its end. */
  readonly url: string;
  readonly account: Account;
  /** PEM of who signed the cluster's certificate; those that Node trusts when not given. */
  readonly ca?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const answered = z.looseObject({ token: z.string().min(1) });
const refusal = z.looseObject({ description: z.string().optional(), title: z.string().optional() });

/** A token is renewed when less than this is left of it (milliseconds). */
const early = 5 * 60_000;

/**
 * DC/OS' admin router, behind which everything of a cluster is (dcos/dcos, packages/adminrouter). It logs in when first asked, again before its token ends, and once
 * more where that is not taken any more (401): the cluster's key may be another since. Many requests at once log in once.
 */
export class AdminRouter {
  readonly #options: RouterOptions;
  readonly #http: Http;
  #token: string | null = null;
  #login: Promise<string> | null = null;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#http = new Http(options.ca);
  }

  /**
   * As the `fetch` of every program, with the account's token; redirections are the caller's. Throws TypeError where the cluster is not reached, KLG-562 where its
   * certificate is not trusted, KLG-565 where it does not let the account in. To other hosts than the cluster it sends nothing.
   */
  readonly fetch: Fetch = async (url, asked = {}) => {
    if (new URL(url).origin !== new URL(this.#options.url).origin)
      throw new TypeError(`${url} is not of the cluster ${this.#options.url}`);
    const token = await this.#current();
    const answer = await this.#send(url, asked, token);
    if (answer.status !== 401) return answer;
    await answer.body?.cancel();
    if (this.#token === token) this.#token = null;
    return this.#send(url, asked, await this.#current());
  };

  /** Lets go of connections that are kept. */
  close(): void {
    this.#http.close();
  }

  async #current(): Promise<string> {
    const token = this.#token;
    const now = (this.#options.now ?? Date.now)();
    if (token !== null && (endOf(token) ?? Number.POSITIVE_INFINITY) - now > early) return token;
    this.#login ??= this.#logIn(now).finally(() => {
      this.#login = null;
    });
    return this.#login;
  }

  async #logIn(now: number): Promise<string> {
    const { url, account } = this.#options;
    const answer = await this.#send(
      `${url}/acs/api/v1/auth/login`,
      {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(loginBody(account, now)),
        signal: AbortSignal.timeout(30_000),
      },
      null,
    );
    const text = await answer.text();
    if (answer.status !== 200)
      throw new KollageError({
        code: 'KLG-565',
        message: `DC/OS at ${url} does not let ${account.uid} in: ${reason(text) ?? `HTTP ${answer.status}`}`,
      });
    this.#token = answered.parse(JSON.parse(text)).token;
    return this.#token;
  }

  #send(url: string, { headers = {}, ...asked }: Asked, token: string | null): Promise<Response> {
    return this.#http.fetch(url, {
      ...asked,
      headers: { ...headers, ...(token !== null && { Authorization: `token=${token}` }) },
    });
  }
}

function reason(text: string): string | null {
  try {
    const { description, title } = refusal.parse(JSON.parse(text));
    return description ?? title ?? null;
  } catch {
    return null;
  }
}
