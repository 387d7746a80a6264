import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Login, ReadyCheck } from '../model/resource.ts';
import { Platform } from './platform.ts';

const password = 'quo"te';
let server: Server;
let url: string;
/** What was asked, in order: method and path. */
let asked: string[];
let issued: number;
/** The newest token that is still accepted. */
let accepted: string | null;
let state: unknown;
let now: number;

beforeEach(async () => {
  [asked, issued, accepted, state, now] = [[], 0, null, { agents: [] }, 1_000_000];
  server = createServer(async (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === '/login') {
      const { user, pass } = JSON.parse(await textOf(request));
      if (user !== 'admin' || pass !== password) return response.writeHead(401).end();
      accepted = `token-${++issued}`;
      response.writeHead(201, { 'X-Subject-Token': accepted });
      return response.end(JSON.stringify({ project: { id: 'p 1' } }));
    }
    if (request.url === '/none') return response.writeHead(404).end();
    if (request.url === '/open') return response.end('plain text');
    if (request.headers['x-auth-token'] !== accepted) return response.writeHead(401).end();
    return response.end(JSON.stringify(state));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function platform(secrets: Readonly<Record<string, string>> = { admin_password: password }): Platform {
  const login: Login = {
    name: 'admin',
    request: {
      method: 'POST',
      url: `${url}/login`,
      body: { user: 'admin', pass: '@{secret.admin_password}' },
      status: [201],
    },
    gives: { token: "headers['x-subject-token']", project: 'body.project.id' },
    headers: { 'X-Auth-Token': '{token}' },
  };
  return new Platform({ logins: [login], secret: (name) => secrets[name], patience: 5000, now: () => now });
}

const agents = "body.agents | selectattr('host', 'eq', node) | selectattr('alive') | list";

function check(more: Partial<ReadyCheck> & { readonly path?: string } = {}): ReadyCheck {
  const { path = '/agents', ...rest } = more;
  const request = { method: 'GET', url: `${url}${path}`, body: null, status: [200] };
  return { request, login: 'admin', that: agents, otherwise: 'the agent on {node} is not alive', ...rest };
}

/** An instance on a node, of which nobody knows when its process began. */
function on(node: string) {
  return { node, since: null };
}

describe('one question', () => {
  test('the check holds for the node that it is asked for, and else says its own words', async () => {
    const one = platform();
    state = {
      agents: [
        { host: 'n1', alive: true },
        { host: 'n2', alive: false },
      ],
    };
    expect(await one.ask(check(), on('n1'))).toBeNull();
    expect(await one.ask(check(), on('n2'))).toBe('the agent on n2 is not alive');
  });

  test.each([
    ['before its process began', '2026-11-25 09:59:59', 'the agent on n is not alive'],
    ['in the same second, which is all that a database keeps', '2026-11-25 10:00:00', null],
    ['after', '2026-11-25T10:00:03.000000', null],
    ['never, and it was there', null, null],
  ])('a sign of life that came %s', async (_, heard, said) => {
    state = { agents: [{ host: 'n', heard }] };
    const since = Date.parse('2026-11-25T10:00:00.700Z');
    const that = "body.agents | rejectattr('heard', 'before', since) | list";
    expect(await platform().ask(check({ that }), { node: 'n', since })).toBe(said);
    expect(await platform().ask(check({ that }), { node: 'n', since: null })).toBeNull();
  });

  test('what the login gives is put into paths, escaped', async () => {
    expect(await platform().ask(check({ path: '/of/{project}/{node}', that: null }), on('n1'))).toBeNull();
    expect(asked).toEqual(['POST /login', 'GET /of/p%201/n1']);
  });

  test('without a login none is made, and what is no JSON is a text', async () => {
    expect(
      await platform().ask(check({ path: '/open', login: null, that: "body == 'plain text'" }), on('n')),
    ).toBeNull();
    expect(asked).toEqual(['GET /open']);
  });

  test.each([
    ['another status', { path: '/none' }, 'GET /none: HTTP 404'],
    ['an answer of another shape', { that: 'body.agents.x.y' }, 'GET /agents: body.agents.x is not defined'],
    [
      'what does not hold, without words of its own',
      { otherwise: null },
      'GET /agents does not say that body',
    ],
  ])('%s is said', async (_, more, said) => {
    expect((await platform().ask(check(more), on('n')))?.replace(url, '')).toContain(said);
  });

  test('nobody listens: the reason is said, not that fetch failed', async () => {
    server.close();
    await once(server, 'close');
    expect(await platform().ask(check(), on('n'))).toBe(
      `cannot log in as admin: POST ${url}/login: connection refused`,
    );
    expect(await platform().ask(check({ login: null }), on('n'))).toBe(
      `GET ${url}/agents: connection refused`,
    );
  });

  test.each([
    ['a wrong password', { admin_password: 'secret-but-wrong' }, 'HTTP 401'],
    ['a missing password', {}, 'the secret admin_password is missing'],
  ])('%s is said without it', async (_, secrets, said) => {
    const why = await platform(secrets).ask(check(), on('n'));
    expect(why).toContain('cannot log in as admin');
    expect(why).toContain(said);
    expect(why).not.toContain('wrong');
  });
});

describe('many questions', () => {
  test('all who ask at the same time share one login and one question', async () => {
    const one = platform();
    await Promise.all(Array.from({ length: 20 }, (_, index) => one.ask(check(), on(`n${index}`))));
    expect(asked).toEqual(['POST /login', 'GET /agents']);
  });

  test('an answer is good for 400 ms, a login for as long as it is accepted', async () => {
    const one = platform();
    for (const [passed, questions] of [
      [0, 1],
      [399, 1],
      [1, 2],
      [3_600_000, 3],
    ] as const) {
      now += passed;
      await one.ask(check(), on('n'));
      expect(asked.filter((question) => question === 'GET /agents')).toHaveLength(questions);
    }
    expect(issued).toBe(1);
  });

  test('a login that is refused later is made anew, once for all', async () => {
    const one = platform();
    state = { agents: [{ host: 'n', alive: true }] };
    await one.ask(check(), on('n'));
    accepted = null;
    now += 60_000;
    expect(
      await Promise.all([one.ask(check(), on('n')), one.ask(check({ path: '/others' }), on('n'))]),
    ).toEqual([null, null]);
    expect(issued).toBe(2);
  });

  test('a login that is refused at once is not made again and again', async () => {
    const one = platform();
    await one.ask(check(), on('n'));
    accepted = 'another';
    for (let turn = 0; turn < 5; turn += 1) {
      now += 500;
      expect(await one.ask(check(), on('n'))).toContain('HTTP 401');
    }
    expect(issued).toBe(1);
  });

  test('a login that failed is tried again, once for all in 400 ms', async () => {
    const one = platform({ admin_password: 'no' });
    await Promise.all([one.ask(check(), on('a')), one.ask(check(), on('b'))]);
    await one.ask(check(), on('c'));
    expect(asked).toEqual(['POST /login']);
    now += 400;
    await one.ask(check(), on('c'));
    expect(asked).toEqual(['POST /login', 'POST /login']);
  });
});
