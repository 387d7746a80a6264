import { setTimeout as pause } from 'node:timers/promises';

/** Where a user of the platform goes. */
export interface Cloud {
  readonly keystone: string;
  readonly glance: string;
  readonly password: string;
}

/** What came of the requests. */
export interface Tally {
  ok: number;
  failed: number;
}

/**
 * A user at work: logs in, registers images, reads those it has, until the signal. What a server said yes to is kept, so that it can be
 * looked for afterwards.
 */
export class User {
  readonly acknowledged: string[] = [];
  readonly tally: Readonly<Record<'login' | 'create' | 'read', Tally>> = {
    login: { ok: 0, failed: 0 },
    create: { ok: 0, failed: 0 },
    read: { ok: 0, failed: 0 },
  };
  readonly #cloud: Cloud;
  readonly #name: string;

  constructor(cloud: Cloud, name: string) {
    this.#cloud = cloud;
    this.#name = name;
  }

  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const token = await this.#try('login', () => login(this.#cloud));
      if (token !== null) await this.#useToken(token);
      else await pause(200);
    }
  }

  /** Which of the acknowledged are not there; asks until the server answers. */
  async lost(): Promise<string[]> {
    const token = await login(this.#cloud);
    const missing: string[] = [];
    for (const id of this.acknowledged) {
      const { status } = await request(`${this.#cloud.glance}/v2/images/${id}`, token);
      if (status !== 200) missing.push(`${id}: HTTP ${status}`);
    }
    return missing;
  }

  async #useToken(token: string): Promise<void> {
    for (let round = 0; round < 5; round++) {
      const name = `${this.#name}-${this.acknowledged.length}`;
      const created = await this.#try('create', () => create(this.#cloud, token, name));
      if (created === null) return;
      this.acknowledged.push(created);
      const any = this.acknowledged[Math.floor(Math.random() * this.acknowledged.length)] ?? created;
      await this.#try('read', () => read(this.#cloud, token, any));
    }
  }

  async #try<T>(what: 'login' | 'create' | 'read', act: () => Promise<T>): Promise<T | null> {
    try {
      const result = await act();
      this.tally[what].ok++;
      return result;
    } catch {
      this.tally[what].failed++;
      return null;
    }
  }
}

async function login({ keystone, password }: Cloud): Promise<string> {
  const domain = { id: 'default' };
  const identity = { methods: ['password'], password: { user: { name: 'admin', domain, password } } };
  const body = { auth: { identity, scope: { project: { name: 'admin', domain } } } };
  const response = await request(`${keystone}/auth/tokens`, null, body);
  const token = response.headers.get('x-subject-token');
  if (response.status !== 201 || token === null) throw new Error(`HTTP ${response.status}`);
  return token;
}

async function create({ glance }: Cloud, token: string, name: string): Promise<string> {
  const response = await request(`${glance}/v2/images`, token, { name });
  const body: unknown = await response.json();
  if (response.status !== 201 || typeof body !== 'object' || body === null || !('id' in body))
    throw new Error(`HTTP ${response.status}`);
  return String(body.id);
}

async function read({ glance }: Cloud, token: string, id: string): Promise<void> {
  const { status } = await request(`${glance}/v2/images/${id}`, token);
  if (status !== 200) throw new Error(`HTTP ${status}`);
}

function request(url: string, token: string | null, body?: object): Promise<Response> {
  return fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json', ...(token === null ? {} : { 'x-auth-token': token }) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(10_000),
  });
}
