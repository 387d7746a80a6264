import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { destroy } from '../../src/operate/destroy.ts';
import { type HealEvent, heal } from '../../src/operate/heal/heal.ts';
import { pauseHealing, resumeHealing } from '../../src/operate/heal/pause.ts';
import { openWard } from '../../src/operate/heal/ward.ts';
import { status } from '../../src/operate/status.ts';
import { up } from '../../src/operate/up.ts';
import { derivedImage } from '../support/derived-image.ts';
import { makeShop } from './shop.ts';

/* `kollage serve` on a real daemon: what a person or an accident does to containers is put right, and by whom nothing is done. */

const name = 'kollage-test-heal';
const shop = makeShop(name, 21511);
const stop = new AbortController();
const told: HealEvent[] = [];
let watching: Promise<unknown>;

beforeAll(async () => {
  await bringUp();
  const { signal } = stop;
  const ward = await openWard({ folder: shop.folder, every: 500, signal });
  watching = heal({ ward, emit: (event) => told.push(event), signal, now: Date.now }).finally(() =>
    ward[Symbol.asyncDispose](),
  );
});

afterAll(async () => {
  stop.abort();
  await watching;
  await destroy(shop.folder, { data: false });
});

function bringUp(): Promise<number | null> {
  const nothing = () => undefined;
  return up({ folder: shop.folder, emit: nothing, planned: nothing, signal: new AbortController().signal });
}

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

/** Waits until everything is healthy, with other containers where they had to be made anew. */
async function allHealthy(): Promise<void> {
  await vi.waitFor(
    async () => {
      const { workloads } = await status(shop.folder);
      expect(workloads.map(({ workload, state }) => `${workload} ${state}`).sort()).toEqual([
        'store/server healthy',
        'web/back healthy',
        'web/front healthy',
      ]);
    },
    { timeout: 300_000, interval: 250 },
  );
}

/** Who was started anew since then. */
function restarted(from: number): string[] {
  return told.slice(from).flatMap((event) => (event.type === 'change-started' ? [event.key] : []));
}

test('a container that was removed, and one that was stopped, are started again', async () => {
  const from = told.length;
  docker('rm', '--force', `${name}-web-back`);
  docker('stop', `${name}-web-front`);
  await allHealthy();
  expect(restarted(from).sort()).toEqual(['workload:web/back', 'workload:web/front']);
});

/** Stops all processes in a container but the init, as one does that waits for a disk that is gone. */
const halt =
  'for process in /proc/[0-9]*; do [ $(cat $process/comm) != memcached ] || kill -STOP ${process#/proc/}; done';

test('one that runs and does not answer is started anew, and what needs it is left alone', async () => {
  const from = told.length;
  const others = () => docker('inspect', '--format', '{{.Id}}', `${name}-web-back`, `${name}-web-front`);
  const before = others();
  docker('exec', '--user', 'root', `${name}-store-server`, 'bash', '-c', halt);
  await vi.waitFor(() => expect(restarted(from)).not.toEqual([]), { timeout: 300_000 });
  await allHealthy();
  expect(restarted(from)).toEqual(['workload:store/server']);
  expect(others()).toBe(before);
});

test('during a pause nothing is touched; afterwards it goes on', async () => {
  const from = told.length;
  await pauseHealing(shop.folder, 'a look by hand', null);
  await vi.waitFor(() => expect(told.slice(from).map(({ type }) => type)).toEqual(['held']), {
    timeout: 60_000,
  });
  docker('rm', '--force', `${name}-web-back`);
  expect(await resumeHealing(shop.folder)).toBe(true);
  await allHealthy();
  expect(restarted(from)).toEqual(['workload:web/back']);
});

test('a person changes the deployment meanwhile, and the watch follows the new revision', async () => {
  shop.configure('services: { store: { options: { memory: 32 } } }\n');
  expect(await bringUp()).not.toBeNull();
  const from = told.length;
  docker('rm', '--force', `${name}-store-server`);
  await vi.waitFor(() => expect(restarted(from)).toEqual(['workload:store/server']), { timeout: 300_000 });
  await allHealthy();
});

test('one is made anew from the image that ran, where its name leads to another by now, also to one that failed', async () => {
  const image = `${name}/memcached:now`;
  docker('tag', 'kollage/memcached:2025.1', image);
  shop.configure(`images: { overrides: { memcached: "${image}" } }\n`);
  await bringUp();
  const imageOf = () => docker('inspect', '--format', '{{.Image}}', `${name}-web-back`);
  const ran = imageOf();
  derivedImage(image, image, { '/usr/local/bin/memcached': '#!/bin/sh\nexit 3\n' });
  await expect(bringUp()).rejects.toMatchObject({ code: 'KLG-504' });
  const from = told.length;
  docker('rm', '--force', `${name}-web-back`);
  await vi.waitFor(() => expect(restarted(from)).toEqual(['workload:web/back']), { timeout: 300_000 });
  await allHealthy();
  expect(imageOf()).toBe(ran);
});
