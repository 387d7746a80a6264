import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KollageEvent } from '../../src/model/event.ts';
import { logs } from '../../src/operate/logs.ts';
import { AdminRouterStandIn, ca } from '../dcos/admin-router.ts';
import { type MesosCluster, startMesos } from '../mesos/cluster.ts';
import { makeAuthority } from '../support/authority.ts';
import { type Ensemble, startEnsemble } from '../zookeeper/ensemble.ts';
import { whyNoStandIn } from './marathon-place.ts';
import { Running } from './running.ts';
import { makeShop, type Shop } from './shop.ts';

/* A small platform on DC/OS: the stand-in for its admin router, over TLS, before the one for Mesos and Marathon, with real containers and a real ZooKeeper. */

const name = 'kollage-test-dcos';
const reason = whyNoStandIn();

describe.skipIf(reason !== null)(`a platform on DC/OS${reason === null ? '' : ` (${reason})`}`, () => {
  let mesos: MesosCluster;
  let zookeeper: Ensemble;
  let router: AdminRouterStandIn;
  let shop: Shop;
  let running: Running;

  beforeAll(async () => {
    mesos = await startMesos({ agents: [{ hostname: 'agent-1' }] });
    zookeeper = await startEnsemble(1, mesos.gateway);
    const [{ host, port } = { host: '', port: 0 }] = zookeeper.servers;
    router = await new AdminRouterStandIn(
      { passwords: { me: 'hunter2' } },
      {
        marathon: mesos.marathon,
        mesos: mesos.mesos,
        agent: (wanted) => {
          const found = mesos.agents.find(({ id }) => id === wanted);
          return found && `http://${found.address}:5051`;
        },
      },
    ).listen();
    const engine = `engine: { type: dcos, address: "${router.url}", ca: ca.pem, user: me, zookeeper: "${host}:${port}" }\n`;
    shop = makeShop(name, 21_490, engine);
    trust(ca);
    appendFileSync(join(shop.folder, 'passwords.yml'), 'kollage_engine_password: hunter2\n');
    running = new Running(shop.folder);
  });
  afterAll(async () => {
    await router?.[Symbol.asyncDispose]();
    await zookeeper?.[Symbol.asyncDispose]();
    await mesos?.[Symbol.asyncDispose]();
  });

  const trust = (authority: string) => writeFileSync(join(shop.folder, 'ca.pem'), authority);
  const logins = () => router.asked.filter((one) => one.startsWith('login')).length;

  test('comes up though the token is taken no more in the middle of it; then there is nothing to do', async () => {
    let isDone = false;
    const forget = ({ type }: KollageEvent) => {
      if (isDone || type !== 'started') return;
      isDone = true;
      router.forget();
    };
    const { number } = await running.up(forget);
    expect([number, logins()]).toEqual([1, 2]);
    expect(await running.ailing()).toEqual([]);
    expect(await running.up()).toEqual({ number: null, events: [] });
  });

  test('what containers and tasks have said is read from their agent, through the router', async () => {
    const { signal } = new AbortController();
    const request = { folder: shop.folder, names: ['web/setup'], follow: false };
    await logs(request, () => undefined, signal);
    const [{ id } = { id: '' }] = mesos.agents;
    expect(router.asked).toContain(`GET /agent/${id}/state`);
  });

  test('another authority is one error; with the right one the next run goes on', async () => {
    shop.configure('services: { store: { options: { memory: 24 } } }\n');
    trust(makeAuthority().ca);
    const { code, message } = await running.failsUp();
    expect([code, message]).toEqual([
      'KLG-562',
      expect.stringMatching(/^the certificate of 127\.0\.0\.1:\d+ is not trusted/),
    ]);
    trust(ca);
    expect((await running.up()).number).toBe(2);
    expect(await running.ailing()).toEqual([]);
  });

  test('leaves nothing when it is destroyed', async () => {
    await running.destroy();
    expect([...mesos.service.root.apps.keys()]).toEqual([]);
    await running.destroy();
  });
});
