import { createHmac, createVerify, type KeyObject, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { makeAuthority } from '../support/authority.ts';
import { handOn, TlsServer } from '../support/tls-front.ts';

/** Who signed the certificates of stand-ins. */
const authority = makeAuthority();
export const { ca } = authority;

export interface Accounts {
  readonly passwords?: Readonly<Record<string, string>>;
  readonly keys?: Readonly<Record<string, KeyObject>>;
}

/** What is behind it: URLs of Marathon and Mesos, and of an agent by its number. */
export interface Behind {
  readonly marathon: string;
  readonly mesos: string;
  readonly agent: (id: string) => string | undefined;
}

/**
 * Stands in for DC/OS' admin router and its account service, over TLS: it lets in who has a valid token, in the one header that it reads, and refuses others as
 * packages/adminrouter (lib/auth/common.lua) and the account service's API (dcos/dcos, test_iam.py) do. Behind it is Mesos with Marathon (includes/server/master.conf),
 * or something that tells what reached it.
 */
export class AdminRouterStandIn implements AsyncDisposable {
  /** Milliseconds since the epoch, for tokens. */
  now = Date.now();
  /** Seconds for which its tokens hold. */
  lifetime = 5 * 86_400;
  /** What was asked, in order; logins as `login UID`. */
  readonly asked: string[] = [];
  /** Lines that the stream of events sends next. */
  readonly lines: ((line: string) => void)[] = [];
  readonly #accounts: Accounts;
  readonly #behind: Behind | null;
  #secret = randomBytes(32);
  readonly #server = new TlsServer(authority, (asked, answer) => void this.#serve(asked, answer));

  constructor(accounts: Accounts, behind: Behind | null = null) {
    this.#accounts = accounts;
    this.#behind = behind;
  }

  async listen(): Promise<this> {
    await this.#server.listen();
    return this;
  }

  get url(): string {
    return this.#server.url;
  }

  /** No token that was given holds any more, as when the cluster's key is made anew. */
  forget(): void {
    this.#secret = randomBytes(32);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }

  async #serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = asked.url ?? '';
    const say = (status: number, content: string | object, headers: Record<string, string> = {}) =>
      void answer
        .writeHead(status, headers)
        .end(typeof content === 'string' ? content : JSON.stringify(content));
    if (path === '/acs/api/v1/auth/login') {
      const token = this.#logIn(await text(asked));
      if (token !== null) return say(200, { token });
      const refused = { title: 'Unauthorized', description: 'Invalid credentials given.' };
      return say(401, { ...refused, code: 'ERR_INVALID_CREDENTIALS' });
    }
    const [, token] = /^token=(.+)$/.exec(asked.headers.authorization ?? '') ?? [];
    if (!this.#isValid(token ?? ''))
      return say(401, '<html>401</html>', { 'WWW-Authenticate': 'acsjwt', 'Content-Type': 'text/html' });
    const to = this.#behind && urlBehind(this.#behind, path);
    if (to !== null) {
      this.asked.push(`${asked.method} ${path}`);
      return handOn(asked, answer, to);
    }
    const body = await text(asked);
    this.asked.push(`${asked.method} ${path}${body === '' ? '' : ` ${body}`}`);
    if (path === '/service/marathon/v2/events') {
      answer.writeHead(200, { 'Content-Type': 'text/event-stream' });
      answer.flushHeaders();
      this.lines.push((line) => answer.write(line));
      return;
    }
    if (path === '/mesos/api/v1/scheduler')
      return say(307, '', { Location: '//leader.example.org:5050/api/v1/scheduler' });
    if (/^\/(service\/marathon|mesos)\//.test(path))
      return say(200, { content: asked.headers['content-type'] ?? null });
    return say(404, '<html>404</html>');
  }

  #logIn(body: string): string | null {
    const given: unknown = JSON.parse(body);
    if (typeof given !== 'object' || given === null || !('uid' in given)) return null;
    const uid = String(given.uid);
    this.asked.push(`login ${uid}`);
    const { passwords = {}, keys = {} } = this.#accounts;
    const keyset = Object.keys(given).sort().join();
    const byPassword =
      keyset === 'password,uid' &&
      'password' in given &&
      passwords[uid] !== undefined &&
      passwords[uid] === given.password;
    const byToken =
      keyset === 'token,uid' &&
      'token' in given &&
      keys[uid] !== undefined &&
      this.#isSigned(String(given.token), uid, keys[uid]);
    return byPassword || byToken ? this.#token(uid) : null;
  }

  /** Once used and soon over: what is to hold longer than five minutes is no login token. */
  #isSigned(token: string, uid: string, key: KeyObject): boolean {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const read = (part: string): Record<string, unknown> =>
      JSON.parse(Buffer.from(part, 'base64url').toString());
    const left = Number(read(claims)['exp']) - this.now / 1000;
    return (
      read(head)['alg'] === 'RS256' &&
      read(claims)['uid'] === uid &&
      left > 0 &&
      left <= 300 &&
      createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(key, signature, 'base64url')
    );
  }

  #token(uid: string): string {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ uid, exp: Math.floor(this.now / 1000) + this.lifetime })}`;
    return `${claims}.${createHmac('sha256', this.#secret).update(claims).digest('base64url')}`;
  }

  #isValid(token: string): boolean {
    const [head = '', claims = '', signature = ''] = token.split('.');
    const right = createHmac('sha256', this.#secret).update(`${head}.${claims}`).digest('base64url');
    if (claims === '' || signature !== right) return false;
    const { exp }: { exp: number } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    return exp * 1000 > this.now;
  }
}

function urlBehind({ marathon, mesos, agent }: Behind, path: string): string | null {
  const [, id = '', ofAgent = ''] = /^\/(?:agent|slave)\/([0-9a-zA-Z-]+)(\/.+)$/.exec(path) ?? [];
  const url = agent(id);
  if (url !== undefined) return `${url}${ofAgent}`;
  for (const [place, to] of [
    ['/service/marathon/', marathon],
    ['/mesos/', mesos],
  ] as const)
    if (path.startsWith(place)) return `${to}/${path.slice(place.length)}`;
  return null;
}
