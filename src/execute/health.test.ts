import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import type { ReadyCheck, Workload } from '../model/resource.ts';
import { desiredOf } from '../plan/testing.ts';
import { graceOf, Health, lasting } from './health.ts';

let server: Server;
let url: string;
let isUp = true;

beforeAll(async () => {
  server = createServer((_, response) => response.end(JSON.stringify({ up: isUp }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => server.close());

function ready(login: string | null = null): ReadyCheck {
  return {
    request: { method: 'GET', url, body: null, status: [200] },
    login,
    that: 'body.up',
    otherwise: 'it does not call {node} up',
  };
}

const command: Workload['health'] = {
  probe: { type: 'command', command: ['check'] },
  interval: 5,
  timeout: 5,
  grace: 60,
};

/** Asks for the health of one workload; `code`: what the command in its container ends with. */
async function ask(
  parts: Pick<Workload, 'health' | 'ready'>,
  { code = 0, since = 0, now = 0, secret = true }: Readonly<Record<string, number | boolean>> = {},
) {
  const desired = desiredOf({ workloads: [{ id: 'a/b', ...parts }] });
  const [workload] = desired.resources.filter((resource) => resource.kind === 'workload');
  if (!workload) throw new Error('no workload');
  const ran: string[] = [];
  const engine: Pick<Engine, 'nodeName' | 'exec'> = {
    nodeName: (node) => `${node}.example`,
    exec: async (_, __, words) => {
      ran.push(words.join(' '));
      return Number(code);
    },
  };
  const health = new Health({
    engine,
    desired,
    secret: secret ? () => 'x' : null,
    patience: 5000,
    now: () => Number(now),
  });
  return { why: await health.ask(workload, { instance: 'i', node: 'n', since: Number(since) }), ran };
}

test('the platform is asked first: while it says no, nothing is run in the container', async () => {
  isUp = false;
  expect(await ask({ health: command, ready: [ready()] })).toEqual({
    why: 'it does not call n.example up',
    ran: [],
  });
  isUp = true;
  expect(await ask({ health: command, ready: [ready()] })).toEqual({ why: null, ran: ['check'] });
  expect(await ask({ health: command, ready: [ready()] }, { code: 1 })).toEqual({
    why: 'check ends with 1',
    ran: ['check'],
  });
});

test('where the secrets cannot be read, what needs a login is left out, and the rest asked', async () => {
  isUp = false;
  expect((await ask({ health: command, ready: [ready('admin')] }, { secret: false })).why).toBeNull();
  expect((await ask({ health: command, ready: [ready()] }, { secret: false })).why).not.toBeNull();
  isUp = true;
});

test.each([
  ['a moment ago', lasting - 1, false],
  ['long enough ago', lasting, true],
])('without any check, a process that began %s', async (_, now, isHealthy) => {
  expect((await ask({ health: null, ready: [] }, { now })).why === null).toBe(isHealthy);
  // What the platform says of it is a check.
  expect((await ask({ health: null, ready: [ready()] }, { now })).why).toBeNull();
});

test('what the platform is asked about may take longer: it begins with the start of others', () => {
  const grace = (parts: Pick<Workload, 'health' | 'ready'>) => {
    const [workload] = desiredOf({ workloads: [{ id: 'a/b', ...parts }] }).resources;
    return workload?.kind === 'workload' ? graceOf(workload) : undefined;
  };
  expect(grace({ health: null, ready: [] })).toEqual({ own: 60, platform: 60 });
  expect(grace({ health: { ...command, grace: 7 }, ready: [] })).toEqual({ own: 7, platform: 7 });
  expect(grace({ health: { ...command, grace: 7 }, ready: [ready()] })).toEqual({ own: 7, platform: 300 });
  expect(grace({ health: { ...command, grace: 900 }, ready: [ready()] })).toEqual({
    own: 900,
    platform: 900,
  });
});
