import { fillSecrets } from '../config/fill.ts';
import { Jinja } from '../config/jinja.ts';
import type { Whole } from '../engines/engine.ts';
import type { Login, ReadyCheck, Request } from '../model/resource.ts';
import { Shared } from './shared.ts';
import { why } from './why.ts';

/** What expressions see of an answer. */
interface Answer {
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON decoded; a text that is not JSON as it is; null for nothing. */
  readonly body: unknown;
}

/** What a login gave. */
interface Session {
  readonly at: number;
  readonly gives: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** Who refuses a login that is younger than this (milliseconds) is not ready itself; logging in again would not help. */
const young = 10_000;
const unauthorised = 401;

/** The instance that is asked about. */
export interface AskedOf {
  /** What its node calls itself. */
  readonly node: string;
  /** When its process began, in milliseconds since the epoch; null where that is not known. */
  readonly since: number | null;
}

export interface Access {
  readonly logins: readonly Login[];
  readonly secret: (name: string) => string | undefined;
  /** Milliseconds that one request may take. */
  readonly patience: number;
  /** How the platform's addresses are reached, where that is not from here. */
  readonly request?: Whole['request'];
  /** Milliseconds that an answer is good at least. */
  readonly rest?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Asks the platform what it says of its own components. Logs in once, and again when a login is refused; asks the same thing once for all
 * who wait for it.
 */
export class Platform {
  readonly #access: Access;
  readonly #now: () => number;
  readonly #answers: Shared<Answer>;
  readonly #tries: Shared<Session>;
  readonly #sessions = new Map<string, Session>();
  readonly #jinja = new Jinja({ templates: new Map(), globals: {} });

  constructor(access: Access) {
    this.#access = access;
    this.#now = access.now ?? Date.now;
    this.#answers = new Shared(this.#now, access.rest);
    this.#tries = new Shared(this.#now);
  }

  /**
   * Asks once about an instance. Gives null when the check holds, else why not: in the check's own words, or what is wrong with the answer. Never
   * throws, and never tells a secret.
   */
  async ask({ request, login, that, otherwise }: ReadyCheck, of: AskedOf): Promise<string | null> {
    const { node, since } = of;
    try {
      const session = await this.#session(login);
      const answer = await this.#answer(request, session, node, login);
      if (!request.status.includes(answer.status)) return `${named(request)}: HTTP ${answer.status}`;
      const seen = { ...answer, node, since: since === null ? null : new Date(since).toISOString() };
      if (that === null || this.#jinja.test(that, place, seen)) return null;
      return filled(otherwise ?? `${named(request)} does not say that ${that}`, { ...session.gives, node });
    } catch (error) {
      return error instanceof NoLogin ? error.message : `${named(request)}: ${why(error)}`;
    }
  }

  async #answer(request: Request, session: Session, node: string, login: string | null): Promise<Answer> {
    const url = filled(request.url, { ...session.gives, node }, encodeURIComponent);
    const { headers } = session;
    const key = JSON.stringify([request.method, url, headers]);
    const answer = await this.#answers.get(key, () => this.#send({ ...request, url }, headers));
    if (answer.status !== unauthorised || login === null || this.#now() - session.at < young) return answer;
    // It has expired, or was taken back.
    if (this.#sessions.get(login) === session) this.#sessions.delete(login);
    return this.#answer(request, await this.#session(login), node, login);
  }

  async #session(login: string | null): Promise<Session> {
    if (login === null) return { at: 0, gives: {}, headers: {} };
    const there = this.#sessions.get(login);
    if (there) return there;
    const session = await this.#tries.get(login, () => this.#logIn(login));
    this.#sessions.set(login, session);
    return session;
  }

  async #logIn(name: string): Promise<Session> {
    const login = this.#access.logins.find((one) => one.name === name);
    if (!login) throw new NoLogin(name, 'there is no such login');
    const { request } = login;
    try {
      const body = withSecrets(request.body, this.#access.secret);
      const answer = await this.#send({ ...request, body }, {});
      if (!request.status.includes(answer.status))
        throw new NoLogin(name, `${named(request)}: HTTP ${answer.status}`);
      const gives = mapped(login.gives, (text) =>
        String(this.#jinja.value(text.includes('{{') ? text : `{{ ${text} }}`, place, answer)),
      );
      return { at: this.#now(), gives, headers: mapped(login.headers, (text) => filled(text, gives)) };
    } catch (error) {
      throw error instanceof NoLogin ? error : new NoLogin(name, `${named(request)}: ${why(error)}`);
    }
  }

  async #send({ method, url, body }: Request, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const sent = body === null ? null : JSON.stringify(body);
    const { request = direct, patience } = this.#access;
    const answer = await request(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(sent && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: sent,
      signal: AbortSignal.timeout(patience),
    });
    return { status: answer.status, headers: answer.headers, body: decoded(answer.text) };
  }
}

/** Where errors of expressions stand: a desired state keeps no places, and the catalog was checked when it was loaded. */
const place = { file: 'ready' };

/** Asks from this host. */
const direct: Whole['request'] = async (url, options) => {
  const response = await fetch(url, { ...options, redirect: 'manual' });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
};

class NoLogin extends Error {
  constructor(login: string, reason: string) {
    super(`cannot log in as ${login}: ${reason}`);
  }
}

function named({ method, url }: Request): string {
  return `${method} ${url}`;
}

function decoded(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Puts values in the place of names in braces; a name that is not known stays. */
function filled(
  text: string,
  values: Readonly<Record<string, string>>,
  escaped: (value: string) => string = (value) => value,
): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? escaped(values[name] ?? '') : whole,
  );
}

function mapped(
  texts: Readonly<Record<string, string>>,
  change: (text: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, change(text)]));
}

/** Data with the secrets' values in every text of it. Throws KLG-120. */
function withSecrets(data: unknown, secret: Access['secret']): unknown {
  if (typeof data === 'string') return fillSecrets(data, secret);
  if (Array.isArray(data)) return data.map((item) => withSecrets(item, secret));
  if (data === null || typeof data !== 'object') return data;
  return Object.fromEntries(Object.entries(data).map(([key, item]) => [key, withSecrets(item, secret)]));
}
