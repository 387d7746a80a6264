import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KollageError } from '../../src/model/error.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { planDeployment } from '../../src/operate/plan.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { hostState } from './host-state.ts';
import { makeShop } from './shop.ts';

/* What an engine must be able to do, on a real Docker daemon. */

const name = 'kollage-test';
const ports = 21311;
const shop = makeShop(name, ports);
let before: ReturnType<typeof hostState>;

beforeAll(() => {
  before = hostState(name);
});

afterAll(async () => {
  await destroy(shop.folder, { data: false });
});

async function bringUp(
  signal = new AbortController().signal,
): Promise<{ number: number | null; events: KollageEvent[] }> {
  const events: KollageEvent[] = [];
  const number = await up({
    folder: shop.folder,
    emit: (event) => events.push(event),
    planned: () => undefined,
    signal,
  });
  return { number, events };
}

async function failure(work: () => Promise<unknown>): Promise<KollageError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof KollageError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

/** The id of each container of ours, by its name: another id is another container. */
function containers(): Map<string, string> {
  const rows = docker(
    'ps',
    '--all',
    '--no-trunc',
    '--filter',
    `label=io.kollage.deployment=${name}`,
    '--format',
    '{{.Names}} {{.ID}}',
  );
  return new Map(
    rows
      .split('\n')
      .filter(Boolean)
      .map((row) => [row.split(' ')[0] ?? '', row.split(' ')[1] ?? '']),
  );
}

function changed(from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): string[] {
  return [...to]
    .filter(([container, id]) => from.get(container) !== id)
    .map(([container]) => container)
    .sort();
}

/** Which events say this of a workload or task, in the order in which they came. */
function position(events: readonly KollageEvent[], type: KollageEvent['type'], key: string): number {
  return events.findIndex((event) => event.type === type && 'key' in event && event.key === key);
}

describe('from nothing to nothing', () => {
  test('everything comes up, each after what it needs', async () => {
    const { number, events } = await bringUp();
    expect(number).toBe(1);
    expect((await status(shop.folder)).workloads.map(({ workload, state }) => [workload, state])).toEqual([
      ['store/server', 'healthy'],
      ['web/back', 'healthy'],
      ['web/front', 'healthy'],
    ]);
    expect(position(events, 'started', 'workload:web/front')).toBeGreaterThan(
      position(events, 'started', 'task:web/setup'),
    );
    expect(events.at(-1)).toMatchObject({ type: 'run-ended', outcome: 'done' });
  });

  test('the task got its file, with the secret and the name of the node in it', () => {
    const out = docker(
      'run',
      '--rm',
      '--user',
      'root',
      '--entrypoint',
      'cat',
      '--volume',
      `${name}-web-data:/data`,
      'kollage/memcached:2025.1',
      '/data/out',
    );
    expect(out).toContain(`password = hunter2-${name}`);
    expect(out).not.toContain('@{');
  });

  test('no secret stands where others can read it', () => {
    const ids = [...containers().values()];
    for (const text of [
      docker('inspect', ...ids),
      ...ids.map((id) => docker('logs', id)),
      execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }),
    ]) {
      expect(text).not.toContain('hunter2');
    }
  });

  test('a second time there is nothing to do, and nothing is touched', async () => {
    const there = containers();
    expect((await bringUp()).number).toBeNull();
    expect(changed(there, containers())).toEqual([]);
  });

  test('only what changed is made anew', async () => {
    const there = containers();
    shop.configure('services: { store: { options: { memory: 32 } } }\n');
    expect((await bringUp()).number).toBe(2);
    expect(changed(there, containers())).toEqual([`${name}-store-server`]);
  });

  test('an override is read by whom it is for', async () => {
    const there = containers();
    shop.override('web/web-front.conf', '[web]\ncolour = red\n');
    await bringUp();
    expect(changed(there, containers())).toEqual([`${name}-web-front`]);
  });

  test('a container that was removed or stopped by hand is put right', async () => {
    docker('rm', '--force', `${name}-web-back`);
    docker('stop', '--time', '1', `${name}-store-server`);
    expect((await status(shop.folder)).workloads.map(({ state }) => state).sort()).toEqual([
      'healthy',
      'missing',
      'stopped',
    ]);
    expect((await bringUp()).number).not.toBeNull();
    expect((await status(shop.folder)).workloads.every(({ state }) => state === 'healthy')).toBe(true);
  });

  test('destroyed, the host is as it was', async () => {
    await destroy(shop.folder, { data: false });
    expect(hostState(name)).toEqual(before);
  });
});

describe('what goes wrong', () => {
  test('a port that is taken is found before anything starts, with who has it', async () => {
    const server = createServer().listen(ports + 1, '127.0.0.1');
    await once(server, 'listening');
    const error = await failure(bringUp);
    server.close();
    await once(server, 'close');
    expect(error.code).toBe('KLG-401');
    expect(error.message).toContain(`pid ${process.pid}`);
    expect(containers().size).toBe(0);
  });

  test('a failing task is named with the last lines of its log; mended, the next run goes on', async () => {
    shop.configure('services: { web: { options: { command: cat /no/such/file } } }\n');
    const events: KollageEvent[] = [];
    const error = await failure(() =>
      up({
        folder: shop.folder,
        emit: (event) => events.push(event),
        planned: () => undefined,
        signal: new AbortController().signal,
      }),
    );
    expect(error.code).toBe('KLG-505');
    const failed = events.find((event) => event.type === 'change-failed');
    expect(failed).toMatchObject({ key: 'task:web/setup' });
    expect(JSON.stringify(failed)).toContain('/no/such/file');
    const store = containers().get(`${name}-store-server`);
    shop.configure();
    await bringUp();
    expect(containers().get(`${name}-store-server`)).toBe(store);
    expect((await status(shop.folder)).workloads.every(({ state }) => state === 'healthy')).toBe(true);
    await destroy(shop.folder, { data: false });
  });

  test("another's container of the same name is left alone", async () => {
    const other = `${name}-web-back`;
    docker('create', '--name', other, '--entrypoint', 'sleep', 'kollage/memcached:2025.1', '60');
    const error = await failure(bringUp);
    expect([error.code, error.message]).toEqual(['KLG-502', expect.stringContaining(other)]);
    expect(docker('inspect', '--format', '{{.Name}}', other).trim()).toBe(`/${other}`);
    await destroy(shop.folder, { data: false });
    expect(docker('inspect', '--format', '{{.Name}}', other).trim()).toBe(`/${other}`);
    docker('rm', other);
  });

  test('an image that is not there is named before anything is made', async () => {
    shop.configure('services: { web: { components: { back: { image: "kollage/no-such-image:1" } } } }\n');
    const error = await failure(bringUp);
    expect([error.code, error.message]).toEqual([
      'KLG-406',
      expect.stringContaining('kollage/no-such-image:1'),
    ]);
    shop.configure();
    await destroy(shop.folder, { data: false });
  });

  test('interrupted at any event, the next run finishes', async () => {
    const all = (await bringUp()).events.length;
    for (let at = 1; at < all; at += 3) {
      await destroy(shop.folder, { data: false });
      const interrupt = new AbortController();
      let seen = 0;
      const error = await failure(() =>
        up({
          folder: shop.folder,
          emit: () => ++seen === at && interrupt.abort(),
          planned: () => undefined,
          signal: interrupt.signal,
        }),
      ).catch(() => null);
      if (error) expect(error.code).toBe('KLG-506');
      await bringUp();
      expect((await status(shop.folder)).workloads.every(({ state }) => state === 'healthy')).toBe(true);
    }
  });

  test('kill -9 in the middle: the lock of the dead is taken over, and the next run finishes', async () => {
    await destroy(shop.folder, { data: false });
    const child = spawn('./kollage', ['up', '--json', '--folder', shop.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of child.stdout) if (String(chunk).includes('change-started')) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    await bringUp();
    expect((await status(shop.folder)).workloads.every(({ state }) => state === 'healthy')).toBe(true);
  });

  test('two at once: the second says who holds the lock', async () => {
    await destroy(shop.folder, { data: false });
    let second: Promise<KollageError> | undefined;
    await up({
      folder: shop.folder,
      planned: () => undefined,
      signal: new AbortController().signal,
      emit: (event) => {
        if (event.type === 'run-started') second = failure(bringUp);
      },
    });
    const error = await second;
    expect([error?.code, error?.message]).toEqual([
      'KLG-503',
      expect.stringContaining(`process ${process.pid}`),
    ]);
  });

  test('a plan of what runs finds nothing to do, no port taken, and changes nothing', async () => {
    const there = containers();
    const kept = readFileSync(`${shop.folder}/kollage.yaml`, 'utf8');
    const plan = await planDeployment({ folder: shop.folder });
    expect(plan.changes).toEqual([]);
    expect(plan.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(changed(there, containers())).toEqual([]);
    expect(readFileSync(`${shop.folder}/kollage.yaml`, 'utf8')).toBe(kept);
  });
});
