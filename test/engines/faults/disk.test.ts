import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { KollageEvent } from '../../../src/model/event.ts';
import { fillDisk, PrivateDaemon } from '../../support/daemon.ts';
import { scratch } from '../../support/folders.ts';
import { dockerWorld, image } from '../docker-world.ts';
import { Running } from '../running.ts';
import { makeShop } from '../shop.ts';

/* Disks that are full: Docker's own, and the one with Kollage's state. */

const name = 'kollage-fault-disk';
const daemon = new PrivateDaemon('500m');
const world = dockerWorld(daemon.socket);
const shop = makeShop(name, 21651, world.settings);
const shopping = new Running(shop.folder);
const state = join(scratch(), 'state');

beforeAll(async () => {
  mkdirSync(state);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', state]);
  vi.stubEnv('KOLLAGE_STATE', state);
  await daemon.start();
  daemon.load(image);
});

afterEach(() => shopping.destroy());

afterAll(async () => {
  await daemon.remove();
  // Its database may still be open in this process.
  execFileSync('umount', ['--lazy', state]);
  vi.unstubAllEnvs();
});

test("Docker's disk: the error says so, and with room again the next run finishes", async () => {
  const free = daemon.fill();
  const error = await shopping.failsUp().finally(free);
  expect([error.code, error.message]).toEqual(['KLG-502', expect.stringContaining('no space left')]);
  await shopping.up();
  expect(await shopping.ailing()).toEqual([]);
});

test("the state's disk: the error says so, nothing was begun, and with room again the next run finishes", async () => {
  const free = fillDisk(state);
  const error = await shopping.failsUp().finally(free);
  expect([error.code, error.message]).toEqual(['KLG-508', expect.stringContaining('full')]);
  expect(world.instances(name).size).toBe(0);
  await shopping.up();
  expect(await shopping.ailing()).toEqual([]);
});

test("the state's disk, full in the middle of a run: what runs goes on, and the next run finishes", async () => {
  let free: (() => void) | undefined;
  const fill = (event: KollageEvent) => {
    if (event.type === 'change-started') free ??= fillDisk(state);
  };
  const error = await shopping.failsUp(fill).finally(() => free?.());
  expect([error.code, error.message]).toEqual(['KLG-508', expect.stringContaining('full')]);
  await shopping.up();
  expect(await shopping.ailing()).toEqual([]);
});
