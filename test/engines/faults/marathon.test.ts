import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { KollageError } from '../../../src/model/error.ts';
import type { KollageEvent } from '../../../src/model/event.ts';
import { type MesosCluster, startMesos } from '../../mesos/cluster.ts';
import { docker } from '../../mesos/namespaces.ts';
import { type Ensemble, startEnsemble } from '../../zookeeper/ensemble.ts';
import { whyNoStandIn } from '../marathon-place.ts';
import { Running } from '../running.ts';
import { makeShop, type Shop } from '../shop.ts';

/* What a cluster does to `up`: a leader of ZooKeeper's or Marathon's that falls, an agent that is lost, offers that never fit, a login that is not taken. */

const name = 'kollage-fault-marathon';
const reason = whyNoStandIn();
const login = { user: 'ops', password: 'hunter2' };
const patient = { timeout: 60_000, interval: 100 };

describe.skipIf(reason !== null)(`Marathon's faults${reason === null ? '' : ` (${reason})`}`, () => {
  let mesos: MesosCluster;
  let zookeeper: Ensemble;
  let shop: Shop;
  let running: Running;

  beforeAll(async () => {
    mesos = await startMesos({
      agents: [{ hostname: 'agent-1' }],
      credentials: login,
      principal: { name: login.user, secret: login.password },
    });
    zookeeper = await startEnsemble(3, mesos.gateway);
    const servers = zookeeper.servers.map(({ host, port }) => `${host}:${port}`).join();
    const engine = { type: 'marathon', address: mesos.marathon, mesos: mesos.mesos, zookeeper: servers };
    shop = makeShop(name, 21_680, `engine: ${JSON.stringify({ ...engine, user: login.user })}\n`);
    know({});
    running = new Running(shop.folder);
  });
  afterEach(async () => {
    shop.configure();
    know({});
    await running.destroy();
  });
  afterAll(async () => {
    await zookeeper?.[Symbol.asyncDispose]();
    await mesos?.[Symbol.asyncDispose]();
  });

  /** Writes the folder's secrets, of which some are other ones. */
  function know(other: Readonly<Record<string, string>>): void {
    const file = join(shop.folder, 'passwords.yml');
    const own = { kollage_store_key: `open-${name}`, kollage_engine_password: login.password, ...other };
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !Object.keys(own).some((key) => line.startsWith(`${key}:`)));
    for (const [key, value] of Object.entries(own)) lines.push(`${key}: ${value}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
  }

  /** Does something once, at the first event of a kind. */
  function at(type: KollageEvent['type'], act: () => unknown): (event: KollageEvent) => void {
    let isDone = false;
    return (event) => {
      if (isDone || event.type !== type) return;
      isDone = true;
      act();
    };
  }

  /** The next run has nothing to do, and all is well. */
  async function isDone(): Promise<void> {
    await running.becomesHealthy();
    expect((await running.up()).number).toBeNull();
  }

  test('ZooKeeper’s leader is killed in the middle: it goes on with the one that is elected', async () => {
    const leader = await zookeeper.leader();
    const killed = Promise.withResolvers<void>();
    const { number } = await running.up(at('started', () => killed.resolve(leader.kill())));
    await killed.promise;
    expect(number).toBe(1);
    await isDone();
    leader.start();
  });

  test('ZooKeeper loses its quorum in the middle: it is said, nothing is done meanwhile, and the next run goes on', async () => {
    const [, ...most] = zookeeper.members;
    const kill = () => Promise.all(most.map((member) => member.kill()));
    const error = await running.failsUp(at('started', kill));
    expect([error.code, error.message]).toEqual(['KLG-501', expect.stringMatching(/ZooKeeper/)]);
    for (const member of most) member.start();
    await zookeeper.leader();
    // Its lock lives as long as its session, which nobody could end.
    const isFree = async () => expect((await running.tryUp())?.code).not.toBe('KLG-503');
    await vi.waitFor(isFree, patient);
    await isDone();
  });

  test('Marathon changes its leader in the middle: what was begun is followed to its end', async () => {
    const changed = Promise.withResolvers<void>();
    const { number } = await running.up(at('started', () => changed.resolve(mesos.changeLeader(1500))));
    await changed.promise;
    expect(number).toBe(1);
    await isDone();
  });

  test('an agent is lost afterwards: it is said of what runs there, and is over when it is back', async () => {
    await running.up();
    mesos.loseAgent('agent-1');
    const why = 'its agent cannot be reached: whether it runs on is not known';
    await vi.waitFor(
      async () =>
        expect(await running.ailing()).toEqual(
          ['store/server', 'web/back', 'web/front'].map((workload) =>
            expect.objectContaining({ workload, state: 'away', why: expect.stringContaining(why) }),
          ),
        ),
      patient,
    );
    mesos.returnAgent('agent-1');
    await isDone();
  });

  test('an agent is lost in the middle, and comes back: it is waited for, and nothing is begun twice', async () => {
    const before = mesos.agent('agent-1').runs.length;
    const lost = Promise.withResolvers<void>();
    const lose = async () => {
      mesos.loseAgent('agent-1');
      await vi.waitFor(
        () =>
          expect(mesos.service.tracker.all.some(({ condition }) => condition === 'Unreachable')).toBe(true),
        patient,
      );
      mesos.returnAgent('agent-1');
    };
    const { number } = await running.up(at('started', () => lost.resolve(lose())));
    await lost.promise;
    expect(number).toBe(1);
    await isDone();
    const launched = mesos
      .agent('agent-1')
      .runs.slice(before)
      .map(({ task }) => task);
    expect(new Set(launched).size).toBe(launched.length);
  });

  test.each([
    [
      'an attribute that no agent has',
      'nodes: { agent-1: { roles: [controller] } }\n',
      /no agent can take it: they are not as it wants them: kollage_roles LIKE \S+ \(1 offer\)/,
    ],
    [
      'more memory than any agent has',
      'services: { store: { components: { server: { resources: { memory: 10G } } } } }\n',
      /no agent can take it: less memory than its 20736 MB \(1 offer\)/,
    ],
  ])('%s: which it is, is said; once it fits, the next run goes on', async (_, more, expected) => {
    shop.configure(more);
    const stop = new AbortController();
    const said: string[] = [];
    const hear = (event: KollageEvent) => {
      if (event.type !== 'unhealthy') return;
      said.push(event.why);
      if (expected.test(event.why)) stop.abort();
    };
    const error = await running.up(hear, stop.signal).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KollageError);
    expect(said).toContainEqual(expect.stringMatching(expected));
    shop.configure();
    await running.up();
    await isDone();
  });

  test('a wrong password is one error; with the right one the next run goes on', async () => {
    know({ kollage_engine_password: 'hunter3' });
    const { code, message } = await running.failsUp();
    expect([code, message]).toEqual(['KLG-561', 'Marathon: Invalid username or password.']);
    expect(message).not.toContain('hunter3');
    know({});
    await running.up();
    await isDone();
  });

  test('another key to ZooKeeper is one error, and nothing is read or changed', async () => {
    await running.up();
    const before = mesos.service.tracker.all.map(({ id }) => id);
    know({ kollage_store_key: 'another' });
    const { code, message } = await running.failsUp();
    expect([code, message]).toEqual(['KLG-560', expect.stringMatching(/^ZooKeeper: .*not authorized/)]);
    expect(mesos.service.tracker.all.map(({ id }) => id)).toEqual(before);
    know({});
    await isDone();
  });

  test('a file of several znodes arrives whole; one too large for a folder is refused, and then it goes on', async () => {
    const lines = (count: number) =>
      `[web]\n${Array.from({ length: count }, (_, at) => `key_${at} = ${'x'.repeat(90)}\n`).join('')}`;
    shop.override('web/web-front.conf', lines(30_000));
    await running.up();
    const [container = ''] = (
      await docker('ps', '--no-trunc', '--format', '{{.ID}} {{.Label "MESOS_TASK_ID"}}')
    )
      .split('\n')
      .flatMap((row) => (row.includes(`${name}_web_front.`) ? [row.split(' ')[0]] : []));
    const size = await docker('exec', '--user', 'root', container, 'sh', '-c', 'wc -c < /etc/web.conf');
    expect(Number(size)).toBeGreaterThan(2.5 * 2 ** 20);
    shop.override('web/web-front.conf', lines(60_000));
    expect(await running.failsUp()).toMatchObject({ code: 'KLG-107' });
    shop.override('web/web-front.conf', lines(30_000));
    await isDone();
    shop.override('web/web-front.conf', '');
  });
});
