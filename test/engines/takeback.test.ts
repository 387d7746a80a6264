import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { KollageError } from '../../src/model/error.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { rollback } from '../../src/operate/rollback.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { deploymentHome } from '../../src/state/home.ts';
import { SqliteStore } from '../../src/state/sqlite.ts';
import { makeShop, type Shop } from './shop.ts';

/* That a change is whole or not at all, on a real Docker daemon: after a failure everything is, byte for byte, as it was before. */

const name = 'kollage-back';
const ports = 21711;
let shop: Shop;

beforeAll(async () => {
  shop = makeShop(name, ports);
  await bringUp();
});

afterAll(async () => {
  await destroy(shop.folder, { data: false });
});

interface Told {
  readonly number: number | null;
  readonly events: KollageEvent[];
}

async function bringUp(retry = false): Promise<Told> {
  const events: KollageEvent[] = [];
  const signal = new AbortController().signal;
  const emit = (event: KollageEvent) => events.push(event);
  const number = await up({ folder: shop.folder, emit, planned: () => undefined, signal, retry });
  return { number, events };
}

async function codeOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof KollageError) return error.code;
    throw error;
  }
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

/** Everything that a deployment is: its containers, their configuration's bytes, and what is in its volumes. */
function everything(): unknown {
  const names = docker(
    'ps',
    '--all',
    '--filter',
    `label=io.kollage.deployment=${name}`,
    '--format',
    '{{.Names}}',
  )
    .split('\n')
    .filter((one) => /store-server|web-front|web-back/.test(one))
    .sort();
  const inspected: unknown = JSON.parse(docker('inspect', ...names));
  if (!Array.isArray(inspected)) throw new Error('docker inspect gives no list');
  const containers = inspected.map(({ Name, Image, Config, HostConfig, State }) => {
    const { Labels, Env, Entrypoint, Cmd, User, StopSignal, StopTimeout } = Config;
    const { CapAdd, Mounts, RestartPolicy, MemoryReservation, CpuShares } = HostConfig;
    const what = { Labels, Env, Entrypoint, Cmd, User, StopSignal, StopTimeout, Image: Config.Image };
    return [
      Name,
      Image,
      State.Running,
      what,
      { CapAdd, Mounts, RestartPolicy, MemoryReservation, CpuShares },
    ];
  });
  const config = join(deploymentHome(name), 'config');
  const files = readdirSync(config)
    .filter((one) => !one.includes('setup'))
    .flatMap((folder) =>
      readdirSync(join(config, folder)).map((file) => {
        const path = join(config, folder, file);
        const bytes = createHash('sha256').update(readFileSync(path)).digest('hex');
        return [folder, file, bytes, statSync(path).mode];
      }),
    );
  const volume = docker('volume', 'inspect', '--format', '{{.Mountpoint}}', `${name}-web-data`).trim();
  const data = readdirSync(volume).map((file) => [file, readFileSync(join(volume, file), 'utf8')]);
  return { containers, files, data };
}

const other = 'services: { store: { options: { memory: 32 } }';

describe('what fails is taken back', () => {
  test.each<[string, string, string]>([
    ['a task that fails', `${other}, web: { options: { command: cat /no/such/file } } }\n`, 'KLG-505'],
    [
      'a task that spoils its volume and fails',
      `${other}, web: { options: { command: "cp /etc/web.conf /data/out /data/no/where" } } }\n`,
      'KLG-505',
    ],
    [
      'a workload that does not get healthy',
      `${other}, web: { components: { back: { image: "kollage/rabbitmq:2025.1" } } } }\n`,
      'KLG-504',
    ],
    [
      'a check that does not hold',
      `${other} }\nchecks: [{ command: test -e /no/such/file, in: web/back }]\n`,
      'KLG-513',
    ],
  ])('%s', async (_, more, code) => {
    shop.configure();
    await bringUp();
    const before = everything();
    shop.configure(more);
    expect(await codeOf(bringUp())).toBe(code);
    expect(everything()).toEqual(before);
    expect((await status(shop.folder)).workloads.every(({ state }) => state === 'healthy')).toBe(true);
    expect(await codeOf(bringUp())).toBe('KLG-511');
    expect(await codeOf(bringUp(true))).toBe(code);
    expect(everything()).toEqual(before);
    shop.configure();
    expect((await bringUp()).number).toBeNull();
  });
});

test('back to the revision before, and forward again to what the folder says', async () => {
  const before = everything();
  shop.configure(`${other} }\n`);
  shop.override('web/web-front.conf', '[web]\ncolour = red\n');
  const { number } = await bringUp();
  const after = everything();
  expect(after).not.toEqual(before);
  const signal = new AbortController().signal;
  const request = { folder: shop.folder, planned: async () => true, emit: () => undefined, signal };
  expect(await rollback(request)).toBe((number ?? 0) + 1);
  expect(everything()).toEqual(before);
  await bringUp();
  expect(everything()).toEqual(after);
});

test('while another works on it, it is not destroyed', async () => {
  const before = everything();
  const store = new SqliteStore(name);
  const lock = await store.lock();
  expect(await codeOf(destroy(shop.folder, { data: true }))).toBe('KLG-503');
  await lock[Symbol.asyncDispose]();
  await store.close();
  expect(everything()).toEqual(before);
});

describe('killed', () => {
  let old: unknown;
  let fresh: unknown;
  const from = '';
  const to = `${other}, web: { options: { command: cp /etc/web.conf /data/other } } }\n`;

  beforeAll(async () => {
    shop.configure(to);
    await bringUp();
    fresh = everything();
  });

  beforeEach(async () => {
    shop.configure(from);
    await bringUp();
    old = everything();
    expect(old).not.toEqual(fresh);
  });

  const times = Number(process.env['KOLLAGE_KILLS'] ?? 5);
  test.each(Array.from({ length: times }, (_, index) => index))(
    'kill -9 in the middle of a change, number %i: the next run finishes',
    async (index) => {
      shop.configure(to);
      const child = spawn('./kollage', ['up', '--json', '--folder', shop.folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      // At every kind of event, and somewhat after it.
      let left = 1 + ((index * 7) % 14);
      for await (const chunk of child.stdout) {
        left -= String(chunk).split('\n').length - 1;
        if (left <= 0) break;
      }
      child.kill('SIGKILL');
      await ended;
      await bringUp();
      expect(everything()).toEqual(fresh);
    },
  );
});
