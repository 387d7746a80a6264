import { beforeAll, expect, test, vi } from 'vitest';
import { status } from '../../../src/operate/status.ts';
import { describeWithCluster } from '../../cluster/testing.ts';
import { image } from '../cluster-world.ts';
import { Running } from '../running.ts';
import { makeShop, type Shop } from '../shop.ts';

/* A node that nobody reaches: what is on each node is away there, the rest goes on, and what cannot be done is refused before it begins. */

describeWithCluster('a node that is away', { nodes: 2, images: [image] }, (cluster) => {
  let shop: Shop;
  let running: Running;

  beforeAll(async () => {
    const engine = `engine: { type: kubernetes, address: ${cluster().kubeconfig}, storage: { class: shared, shared: shared } }\n`;
    const nodes = 'nodes: { node1: { roles: [controller] }, node2: { roles: [controller] } }\n';
    shop = makeShop('kollage-away', 21_490, engine + nodes);
    shop.define('web', (text) => text.replace('  back:\n', '  back:\n    scale: { each: node }\n'));
    running = new Running(shop.folder);
    expect((await running.up()).number).toBe(1);
    cluster().partition('node2');
    await cluster().lost('node2');
  });

  const backs = async () => {
    const { workloads } = await status(shop.folder);
    const mine = workloads.filter(({ workload }) => workload === 'web/back');
    return mine.map(({ node, state, why }) => [node, state, why]).sort();
  };

  test('is told of what is on each node, and so is that nobody knows whether it runs', async () => {
    await vi.waitFor(
      async () =>
        expect(await backs()).toEqual([
          ['node1', 'healthy', ''],
          ['node2', 'away', 'its node node2 does not answer: whether it runs there still is not known'],
        ]),
      { timeout: 60_000, interval: 200 },
    );
  });

  test('is no reason against a change of something else', async () => {
    shop.configure('services: { store: { options: { memory: 24 } } }\n');
    expect((await running.up()).number).toBe(2);
  });

  test('is one against a change of what is there, and is named before anything begins', async () => {
    const before = await backs();
    shop.define('web', (text) => text.replaceAll('stop: { grace: 2 }', 'stop: { grace: 3 }'));
    expect(await running.failsUp()).toMatchObject({
      code: 'KLG-411',
      message: expect.stringContaining(
        'web/back is to be changed on each node: its node node2 does not answer',
      ),
    });
    expect(await backs()).toEqual(before);
  });

  test('is as before when it is back, and takes the change', async () => {
    cluster().heal('node2');
    await cluster().ready('node2');
    await vi.waitFor(
      async () =>
        expect((await backs()).map(([node, state]) => [node, state])).not.toContainEqual(['node2', 'away']),
      { timeout: 60_000, interval: 200 },
    );
    expect((await running.up()).number).toBe(3);
    expect(await running.ailing()).toEqual([]);
  });
});
