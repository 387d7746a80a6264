import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine, Whole, WholeInstance } from '../engines/engine.ts';
import { KollageError } from '../model/error.ts';
import type { ReadyCheck, Workload } from '../model/resource.ts';
import { desiredOf } from '../plan/testing.ts';
import { graceOf, Health, lasting } from './health.ts';

let server: Server;
let url: string;
let isUp = true;
const folder = mkdtempSync(join(tmpdir(), 'kollage-health-'));

beforeAll(async () => {
  server = createServer((_, response) => response.end(JSON.stringify({ up: isUp }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

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
  const engine: Pick<Engine, 'nodeName' | 'instanceName' | 'exec' | 'hostPath'> = {
    instanceName: (_, id, number) => `${id}-${number}`,
    hostPath: (_, path) => path.replace(/^\/inside\//, `${folder}/`),
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

test('what the platform heard last of the instance counts only where its process had begun', async () => {
  const check = { ...ready(), that: "not ('1970-01-01 00:00:09' is before(since))" };
  expect((await ask({ health: command, ready: [check] }, { since: 9_900 })).why).toBeNull();
  expect((await ask({ health: command, ready: [check] }, { since: 10_000 })).why).toBe(
    'it does not call n.example up',
  );
});

test('where the secrets cannot be read, what needs a login is left out, and the rest asked', async () => {
  isUp = false;
  expect((await ask({ health: command, ready: [ready('admin')] }, { secret: false })).why).toBeNull();
  expect((await ask({ health: command, ready: [ready()] }, { secret: false })).why).not.toBeNull();
  isUp = true;
});

describe('of what an engine placed by itself', () => {
  const there = (name: string, node: string, changed: Partial<WholeInstance> = {}): WholeInstance => ({
    name,
    workload: 'a/b',
    node,
    why: null,
    going: false,
    ...changed,
  });

  /** Asks for each of the names, all with one Health; gives the answers, and how often the engine was asked for what. */
  async function askAll(
    placed: readonly WholeInstance[],
    names: readonly string[],
    that = 'true',
    refusal?: Error,
  ) {
    const desired = desiredOf({ workloads: [{ id: 'a/b', ready: [{ ...ready(), that }] }] });
    const [workload] = desired.resources.filter((resource) => resource.kind === 'workload');
    if (!workload) throw new Error('no workload');
    const asked: (string | null)[] = [];
    const whole = {
      instances: async (_: string, of: string | null) => {
        asked.push(of);
        if (refusal) throw refusal;
        return placed;
      },
      request: async () => ({ status: 200, headers: {}, text: '{}' }),
    } as unknown as Whole;
    const engine = {
      whole,
      nodeName: (node: string) => node,
      instanceName: () => 'a-b',
      exec: () => Promise.reject(new Error('nothing is run in it')),
    };
    const health = new Health({ engine, desired, secret: () => 'x', patience: 5000 });
    const of = (instance: string) => health.ask(workload, { instance, node: 'localhost', since: null });
    return { answers: await Promise.all(names.map(of)), asked };
  }

  test('the platform is asked about the node that each is really on, and all of a workload must be well', async () => {
    const placed = [there('a-b-1', 'n1'), there('a-b-2', 'n2')];
    expect((await askAll(placed, ['a-b'], "node in ['n1', 'n2']")).answers).toEqual([null]);
    expect((await askAll(placed, ['a-b', 'a-b-1', 'a-b-2'], "node == 'n1'")).answers).toEqual([
      'it does not call n2 up',
      null,
      'it does not call n2 up',
    ]);
  });

  test('what is on its way out counts only where nothing has taken its place', async () => {
    const old = there('a-b-1', 'n1', { going: true, why: 'it is being removed' });
    expect((await askAll([old, there('a-b-2', 'n2')], ['a-b'])).answers).toEqual([null]);
    expect((await askAll([old], ['a-b'])).answers).toEqual(['it is being removed']);
    expect((await askAll([], ['a-b'])).answers).toEqual(['there is nothing of a-b']);
  });

  test('an engine that cannot be reached now is a reason, and what it refuses is thrown', async () => {
    const error = (code: 'KLG-501' | 'KLG-541') => new KollageError({ code, message: 'no' });
    expect((await askAll([], ['a-b'], 'true', error('KLG-501'))).answers).toEqual(['no']);
    await expect(askAll([], ['a-b'], 'true', error('KLG-541'))).rejects.toThrow('no');
  });

  test('a thousand are asked for with one question', async () => {
    const names = Array.from({ length: 1000 }, (_, at) => `a-b-${at}`);
    const { answers, asked } = await askAll(
      names.map((name, at) => there(name, `n${at}`)),
      names,
    );
    expect(new Set(answers)).toEqual(new Set([null]));
    expect(asked).toEqual([null]);
  });
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

test('a socket that this machine sees is connected to, and no command is run for it', async () => {
  const health: Workload['health'] = {
    probe: { type: 'socket', path: '/inside/s' },
    interval: 5,
    timeout: 5,
    grace: 60,
  };
  const asked = () => ask({ health, ready: [] }, { code: 1 });
  expect(await asked()).toMatchObject({ why: expect.stringMatching(/not there/), ran: [] });
  // What a process leaves behind that ended is no answer.
  writeFileSync(join(folder, 's'), '');
  expect(await asked()).toMatchObject({ why: expect.stringMatching(/refused/), ran: [] });
  rmSync(join(folder, 's'));
  const listening = createSocket().listen(join(folder, 's'));
  await once(listening, 'listening');
  expect(await asked()).toEqual({ why: null, ran: [] });
  listening.close();
});
