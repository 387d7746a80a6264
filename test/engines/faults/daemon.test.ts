import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PrivateDaemon } from '../../support/daemon.ts';
import { dockerWorld, image } from '../docker-world.ts';
import { Running } from '../running.ts';
import { makeShop } from '../shop.ts';

/* Docker stops, dies or loses its power: what `up` says, and what comes back without anybody's doing. */

const name = 'kollage-fault-daemon';
const daemon = new PrivateDaemon();
const world = dockerWorld(daemon.socket);
const shop = makeShop(name, 21611, world.settings);
const shopping = new Running(shop.folder);
/** The task keeps what an earlier run of it wrote under another name. */
const ranTwice = () => world.readVolume(name, 'web/data', 'out.~1~') !== '';

beforeAll(async () => {
  await daemon.start();
  daemon.load(image);
  shop.configure(
    'services: { web: { options: { command: cp --backup=numbered /etc/web.conf /data/out } } }\n',
  );
});

afterAll(async () => {
  await daemon.start();
  await shopping.destroy();
  await daemon.remove();
});

describe('before anything is there', () => {
  test('one that does not run is KLG-501, and nothing was begun', async () => {
    await daemon.stop();
    const { code, message } = await shopping.failsUp();
    expect([code, message]).toEqual(['KLG-501', expect.stringContaining(daemon.socket)]);
    await daemon.start();
    expect(world.instances(name).size).toBe(0);
  });
});

describe.each(['stop', 'kill', 'powerCut'] as const)('in the middle of bringing up, %s', (end) => {
  afterEach(async () => {
    await daemon.start();
    await shopping.destroy();
  });

  test.each(['change-started', 'started'] as const)(
    'at the first event %s: one error says so, and after its start the next run finishes',
    async (type) => {
      let ended: Promise<void> | undefined;
      const error = await shopping.tryUp((event) => {
        if (event.type === type) ended ??= daemon[end]();
      });
      await ended;
      await daemon.start();
      // It was done before the daemon was gone.
      if (error === null) return shopping.becomesHealthy();
      // A daemon that is about to stop refuses what it is asked for, and ends tasks.
      expect(end === 'stop' ? ['KLG-501', 'KLG-502', 'KLG-505'] : ['KLG-501']).toContain(error.code);
      await shopping.up();
      expect(await shopping.ailing()).toEqual([]);
    },
  );
});

describe.each(['stop', 'kill', 'powerCut'] as const)('with everything up, %s and start', (end) => {
  test('everything comes back without kollage, each after what it needs; no task is run again', async () => {
    await shopping.up();
    const before = world.instances(name);
    await daemon[end]();
    await daemon.start();
    await shopping.becomesHealthy();
    expect(world.instances(name)).toEqual(before);
    expect(ranTwice()).toBe(false);
    expect((await shopping.up()).number).toBeNull();
  });
});
