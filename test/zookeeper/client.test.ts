import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type ClientOptions, serversOf, ZooKeeperClient } from '../../src/zookeeper/client.ts';
import { code, UnreachableError } from '../../src/zookeeper/errors.ts';
import { anyone, digest, permission } from '../../src/zookeeper/protocol.ts';
import { faultLink } from './fault-link.ts';
import { describeWithZooKeeper } from './testing.ts';

const open = [anyone(permission.all)];
const text = (value: string) => Buffer.from(value);

/** Clients of the test, which end with it. */
function client(options: ClientOptions): ZooKeeperClient {
  const made = new ZooKeeperClient({ timeout: 2000, patience: 5000, ...options });
  onTestFinished(() => made.close());
  return made;
}

/** A watcher, and what it was told once it is told. */
function watcher() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { watch: resolve, told: promise };
}

test('servers are written as ZooKeeper itself has them written', () => {
  expect(serversOf('zk1:2182, zk2,[::1]:2183')).toEqual([
    { host: 'zk1', port: 2182 },
    { host: 'zk2', port: 2181 },
    { host: '::1', port: 2183 },
  ]);
});

describeWithZooKeeper('a client of one server', 1, (ensemble) => {
  const ours = (options: Partial<ClientOptions> = {}) => client({ servers: ensemble().servers, ...options });

  test('reads what was written, by whomever', async () => {
    const [one, other] = [ours(), ours()];
    await one.make('/a/b', open);
    await one.make('/a/b', open);
    await one.create('/a/b/c', text('é\0'), open);
    expect(await other.get('/a/b/c')).toMatchObject({
      data: text('é\0'),
      stat: { version: 0, dataLength: 3 },
    });
    await other.set('/a/b/c', text('x'), 0);
    expect((await one.get('/a/b/c'))?.stat).toMatchObject({ version: 1, ephemeralOwner: 0n });
    expect(await one.children('/a/b')).toEqual(['c']);
    expect(await one.get('/none')).toBeNull();
    expect(await one.children('/none')).toBeNull();
    await one.removeAll('/a');
    expect(await other.exists('/a')).toBeNull();
    await one.removeAll('/a');
  });

  test('refusals say of which node and why', async () => {
    const one = ours();
    await one.create('/r', text(''), open);
    await expect(one.create('/r', text('y'), open)).rejects.toMatchObject({
      code: code.nodeExists,
      message: '/r: node exists',
    });
    await expect(one.set('/r', text('y'), 7)).rejects.toMatchObject({ code: code.badVersion });
    await expect(one.remove('/r/none')).rejects.toMatchObject({ code: code.noNode });
  });

  test('several changes are made together or not at all', async () => {
    const one = ours();
    const create = { type: 'create', path: '/m', data: text('1'), acl: open } as const;
    const bad = { type: 'check', path: '/not-there', version: -1 } as const;
    await expect(one.multi([create, bad])).rejects.toMatchObject({ code: code.noNode, path: '/not-there' });
    expect(await one.exists('/m')).toBeNull();
    await one.multi([create, { ...create, path: '/m/n' }]);
    await one.multi([
      { type: 'check', path: '/m', version: 0 },
      { type: 'set', path: '/m', data: text('2'), version: 0 },
      { type: 'remove', path: '/m/n', version: 0 },
    ]);
    expect((await one.get('/m'))?.data).toEqual(text('2'));
    expect(await one.children('/m')).toEqual([]);
  });

  test('a list of rights holds against who shows another password', async () => {
    const [credentials, wrong] = [
      { user: 'demo', password: 'p:q' },
      { user: 'demo', password: 'other' },
    ];
    const owner = ours({ credentials: [credentials] });
    await owner.create('/secret', text('s'), [digest(permission.all, credentials)]);
    expect((await owner.get('/secret'))?.data).toEqual(text('s'));
    for (const stranger of [ours(), ours({ credentials: [wrong] })]) {
      await expect(stranger.get('/secret')).rejects.toMatchObject({ code: code.noAuth });
      await expect(stranger.children('/secret')).rejects.toMatchObject({ code: code.noAuth });
      await expect(stranger.set('/secret', text(''))).rejects.toMatchObject({ code: code.noAuth });
    }
  });

  test('watches tell of data, of what comes into being and goes away, and of children; once', async () => {
    const [one, other] = [ours(), ours()];
    const [made, children, changed, gone] = [watcher(), watcher(), watcher(), watcher()];
    expect(await one.get('/w', made.watch)).toBeNull();
    await other.create('/w', text('1'), open);
    expect(await made.told).toBe('changed');
    await one.children('/w', children.watch);
    await one.get('/w', changed.watch);
    await other.create('/w/c', text(''), open);
    expect(await children.told).toBe('changed');
    await other.set('/w', text('2'));
    expect(await changed.told).toBe('changed');
    expect((await one.get('/w', gone.watch))?.data).toEqual(text('2'));
    await other.removeAll('/w');
    expect(await gone.told).toBe('changed');
  });

  test('a watch holds through a connection that breaks, and what happened meanwhile is told', async () => {
    await using link = await faultLink(ensemble().members[0]?.client ?? { host: '', port: 0 });
    const [one, other] = [client({ servers: [link.server] }), ours()];
    await other.create('/kept', text('1'), open);
    const [data, made] = [watcher(), watcher()];
    await one.get('/kept', data.watch);
    await one.exists('/kept-too', made.watch);
    const before = one.session.id;
    link.cut();
    await other.set('/kept', text('2'));
    expect(await data.told).toBe('changed');
    link.cut();
    await other.create('/kept-too', text(''), open);
    expect(await made.told).toBe('changed');
    expect((await one.get('/kept'))?.data).toEqual(text('2'));
    expect(one.session.id, 'the session is the same').toBe(before);
  });

  test('rights are shown anew on each connection', async () => {
    const credentials = { user: 'again', password: 'x' };
    await using link = await faultLink(ensemble().members[0]?.client ?? { host: '', port: 0 });
    const one = client({ servers: [link.server], credentials: [credentials] });
    await one.create('/again', text(''), [digest(permission.all, credentials)]);
    link.cut();
    expect(await one.get('/again')).not.toBeNull();
  });

  test('a change whose answer was lost is made once, and known to be', async () => {
    await using link = await faultLink(ensemble().members[0]?.client ?? { host: '', port: 0 });
    const one = client({ servers: [link.server] });
    await one.create('/lost', text('0'), open);
    const steps: [string, () => Promise<void>][] = [
      ['create', () => one.create('/lost/a', text('mine'), open, { ephemeral: true })],
      ['set', () => one.set('/lost', text('1'), 0)],
      [
        'multi',
        () =>
          one.multi([
            { type: 'check', path: '/lost', version: 1 },
            { type: 'create', path: '/lost/b', data: text('b'), acl: open },
            { type: 'set', path: '/lost', data: text('2'), version: 1 },
          ]),
      ],
      ['remove', () => one.remove('/lost/b')],
    ];
    for (const [name, step] of steps) {
      link.loseNextAnswer();
      await step().catch((error) => expect.fail(`${name}: ${error}`));
    }
    expect(await one.get('/lost')).toMatchObject({ data: text('2'), stat: { version: 2 } });
    expect(await one.children('/lost')).toEqual(['a']);
    // What another has made is not taken for ours.
    await one.create('/lost/theirs', text('theirs'), open);
    link.loseNextAnswer();
    await expect(one.create('/lost/theirs', text('ours'), open)).rejects.toMatchObject({
      code: code.nodeExists,
    });
  });

  test('what is ephemeral goes with its session: at once when that is closed, in its time when nobody hears of it', async () => {
    await using link = await faultLink(ensemble().members[0]?.client ?? { host: '', port: 0 });
    const [one, other] = [client({ servers: [link.server], timeout: 1000 }), ours()];
    const closed = ours();
    await closed.create('/closed', text(''), open, { ephemeral: true });
    await closed.close();
    expect(await other.exists('/closed')).toBeNull();

    await one.create('/stalled', text(''), open, { ephemeral: true });
    const [gone, lost] = [watcher(), watcher()];
    let expired = 0;
    one.session.onExpired(() => expired++);
    await other.exists('/stalled', gone.watch);
    await one.exists('/stalled', lost.watch);
    const before = one.session.id;
    link.stall();
    expect(await gone.told).toBe('changed');
    link.heal();
    expect(await lost.told, 'its own watches are told that nobody watched').toBe('lost');
    expect(expired).toBe(1);
    expect(await one.get('/stalled')).toBeNull();
    expect(one.session.id).not.toBe(before);
  });

  test('a session is taken for expired where nobody can be asked for longer than it lives', async () => {
    await using link = await faultLink(ensemble().members[0]?.client ?? { host: '', port: 0 });
    const one = client({ servers: [link.server], timeout: 1000 });
    const lost = watcher();
    await one.exists('/never', lost.watch);
    link.stall();
    expect(await lost.told).toBe('lost');
    link.heal();
    expect(await one.exists('/never')).toBeNull();
  });

  test('a request waits for a server as long as it has patience, and then says which it asked', async () => {
    const nobody = client({ servers: [{ host: '127.0.0.1', port: 1 }], patience: 300 });
    const began = performance.now();
    await expect(nobody.get('/a')).rejects.toThrow(UnreachableError);
    expect(performance.now() - began).toBeGreaterThan(290);
    await expect(nobody.get('/a')).rejects.toThrow(
      'ZooKeeper (127.0.0.1:1) does not answer: 127.0.0.1:1: connect ECONNREFUSED',
    );
  });

  test('what is larger than a node may be is refused, and nothing else comes to harm', async () => {
    const one = ours({ patience: 2000 });
    await one.create('/large', text(''), open);
    await expect(one.set('/large', Buffer.alloc(0xfffff))).rejects.toThrow(
      /^\/large: \d+ bytes at once are more than ZooKeeper takes/,
    );
    await one.create('/large/most', Buffer.alloc(0xfffff - 200), open);
    expect((await one.get('/large'))?.stat.dataLength).toBe(0);
  });
});

describeWithZooKeeper('a client of three servers', 3, (ensemble) => {
  test('whatever server falls, the leader too, the session and what it holds stay', async () => {
    const one = client({ servers: ensemble().servers, timeout: 4000, patience: 20_000 });
    await one.create('/steady', text('0'), open, { ephemeral: true });
    const before = one.session.id;
    for (let round = 1; round <= 2; round++) {
      const leader = await ensemble().leader();
      await leader.kill();
      for (let write = 1; write <= 5; write++) await one.set('/steady', text(`${round}.${write}`));
      leader.start();
      while ((await leader.mode()) === null) await pause(50);
    }
    expect(await one.get('/steady')).toMatchObject({
      data: text('2.5'),
      stat: { version: 10, ephemeralOwner: before },
    });
    expect(one.session.id).toBe(before);
  });

  test('without a quorum nothing is said to be done', async () => {
    const one = client({ servers: ensemble().servers, timeout: 2000, patience: 1500 });
    await one.create('/quorum', text('0'), open);
    const [first, second] = ensemble().members;
    await first?.kill();
    await second?.kill();
    await expect(one.set('/quorum', text('1'), 0)).rejects.toThrow(UnreachableError);
    first?.start();
    await ensemble().leader();
    const again = client({ servers: ensemble().servers, patience: 20_000 });
    // The leader may have written it down before it noticed that it was alone: then it holds, and nobody was told otherwise.
    const { data, stat } = (await again.get('/quorum')) ?? {};
    expect([`0 in version 0`, `1 in version 1`]).toContain(`${data} in version ${stat?.version}`);
    second?.start();
  });
});
