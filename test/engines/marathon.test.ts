import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KollageEvent } from '../../src/model/event.ts';
import { rollback } from '../../src/operate/rollback.ts';
import { type MesosCluster, startMesos } from '../mesos/cluster.ts';
import { type Ensemble, startEnsemble } from '../zookeeper/ensemble.ts';
import { following } from './follow.ts';
import { whyNoStandIn } from './marathon-place.ts';
import { Running } from './running.ts';
import { makeShop, type Shop } from './shop.ts';

/* A small platform on Marathon's stand-in, with real containers and a real ZooKeeper: brought up, changed, taken back, destroyed. */

const name = 'kollage-test-marathon';
const reason = whyNoStandIn();

describe.skipIf(reason !== null)(`a platform on Marathon${reason === null ? '' : ` (${reason})`}`, () => {
  let mesos: MesosCluster;
  let zookeeper: Ensemble;
  let shop: Shop;
  let running: Running;
  let engine: string;

  beforeAll(async () => {
    mesos = await startMesos({ agents: [{ hostname: 'agent-1' }] });
    zookeeper = await startEnsemble(1, mesos.gateway);
    const [{ host, port } = { host: '', port: 0 }] = zookeeper.servers;
    engine = `engine: { type: marathon, address: ${mesos.marathon}, mesos: ${mesos.mesos}, zookeeper: "${host}:${port}" }\n`;
    shop = makeShop(name, 21_470, engine);
    running = new Running(shop.folder);
  });
  afterAll(async () => {
    await zookeeper?.[Symbol.asyncDispose]();
    await mesos?.[Symbol.asyncDispose]();
  });

  const volumes = () =>
    execFileSync('docker', ['volume', 'ls', '--quiet', '--filter', `name=${name}`], { encoding: 'utf8' });
  const tasks = (id: string) =>
    mesos.service.tracker.all.filter(({ app }) => app.id === `/${name}/${id}`).map((one) => one.id);
  const healthy = (events: readonly KollageEvent[]) =>
    events.flatMap((event) => (event.type === 'healthy' ? [event.key] : [])).sort();

  // One and two of them are told from one another by their constraints and their strategy.
  following('kollage-test-follow', () => engine, { joins: false });

  test('comes up, everything at once, and then there is nothing to do', async () => {
    const { number, events } = await running.up();
    expect(number).toBe(1);
    expect(healthy(events)).toEqual(['workload:store/server', 'workload:web/back', 'workload:web/front']);
    const task = events.find((event) => event.type === 'exited' && event.key === 'task:web/setup');
    expect(task).toMatchObject({ code: 0 });
    expect(await running.ailing()).toEqual([]);
    expect(await running.up()).toEqual({ number: null, events: [] });
  });

  test('of a change only what reads it is made anew', async () => {
    const before = tasks('web/back');
    shop.configure('services: { store: { options: { memory: 24 } } }\n');
    const { number, events } = await running.up();
    expect(number).toBe(2);
    expect(healthy(events)).toEqual(['workload:store/server']);
    expect(tasks('web/back')).toEqual(before);
  });

  test('what does not come up is taken back', async () => {
    shop.configure('services: { store: { options: { command: "false" } } }\n');
    const error = await running.failsUp();
    expect(error.code).toBe('KLG-504');
    await running.becomesHealthy();
    shop.configure('services: { store: { options: { memory: 24 } } }\n');
    expect((await running.up()).number).toBeNull();
  });

  test('goes back to what was', async () => {
    const { signal } = new AbortController();
    const planned = async () => true;
    await rollback({ folder: shop.folder, to: 1, emit: () => undefined, planned, signal });
    expect(await running.ailing()).toEqual([]);
  });

  test('leaves nothing when it is destroyed', async () => {
    expect(volumes()).not.toBe('');
    await running.destroy();
    expect([...mesos.service.root.apps.keys()]).toEqual([]);
    expect(volumes()).toBe('');
    await running.destroy();
  });
});
