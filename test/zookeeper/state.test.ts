import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { ZooKeeperStore } from '../../src/state/zookeeper/store.ts';
import { ZooKeeperClient } from '../../src/zookeeper/client.ts';
import type { Server } from '../../src/zookeeper/connection.ts';
import { StoreKey } from '../../src/zookeeper/seal.ts';
import { beginTogether, fresh, storeTests } from '../support/store.ts';
import { faultLink } from './fault-link.ts';
import { describeWithZooKeeper } from './testing.ts';

const secret = 'the-secret-of-the-store';

function stateOf(servers: readonly Server[], deployment: string, own = secret) {
  const key = new StoreKey(own, deployment);
  const client = new ZooKeeperClient({ servers, credentials: [key.owner], timeout: 2000, patience: 20_000 });
  return { client, store: new ZooKeeperStore(client, deployment, key) };
}

describeWithZooKeeper('state in ZooKeeper', 1, (ensemble) => {
  const open = async (deployment: string) => stateOf(ensemble().servers, deployment).store;

  storeTests(open);

  /** A client with these credentials, which ends with the test. */
  const clientOf = (...credentials: StoreKey['owner'][]) => {
    const made = new ZooKeeperClient({ servers: ensemble().servers, credentials });
    onTestFinished(() => made.close());
    return made;
  };

  /** All nodes below one, by path. */
  const nodes = async (client: ZooKeeperClient, path: string): Promise<Map<string, Buffer>> => {
    const own = (await client.get(path))?.data ?? Buffer.alloc(0);
    const below = await Promise.all(
      ((await client.children(path)) ?? []).map((name) => nodes(client, `${path}/${name}`)),
    );
    return new Map([[path, own], ...below.flatMap((one) => [...one])]);
  };

  test('nothing is made by asking', async () => {
    const store = await open('never');
    expect(await store.history()).toEqual([]);
    expect(await store.last()).toBeNull();
    expect(await store.paused()).toBeNull();
    expect(await store.journal(1)).toEqual([]);
    await store.close();
    expect(await clientOf().exists('/kollage/never')).toBeNull();
  });

  test('no secret can be read in any node, nor any node by who has no key of it', async () => {
    const store = await open('sealed');
    const number = await store.begin({ ...fresh, secrets: { password: 'hunter2hunter2' } });
    await store.note(number, { type: 'volume', id: 'a' });
    await store.pause({ by: 'me', why: 'x', until: null });
    await store.close();
    const key = new StoreKey(secret, 'sealed');
    const all = await nodes(clientOf(key.owner), '/kollage/sealed');
    expect([...all.keys()]).toContain('/kollage/sealed/state/revisions/00000001/journal/00000001');
    const content = [...all.keys()].filter((path) => /pieces\/.*\//.test(path));
    expect(content).toHaveLength(1);
    // What is packed begins with gzip's own mark, what is sealed does not.
    for (const path of content) expect(all.get(path)?.indexOf(Buffer.from([0x1f, 0x8b]))).not.toBe(0);
    for (const [path, data] of all) expect(data.includes('hunter2'), path).toBe(false);
    for (const stranger of [
      clientOf(),
      clientOf(new StoreKey('guessed', 'sealed').owner),
      clientOf(key.member),
    ])
      for (const path of [...all.keys()].filter((path) => path.startsWith('/kollage/sealed/state/')))
        await expect(stranger.get(path), path).rejects.toThrow('not authorized');
    await expect(clientOf().get('/kollage/sealed')).rejects.toThrow('not authorized');
    expect(await clientOf(key.member).children('/kollage/sealed')).toEqual(['state']);
  });

  test('who has another key is told so, and sees and changes nothing', async () => {
    const mine = await open('mine');
    await mine.begin(fresh);
    const { store } = stateOf(ensemble().servers, 'mine', 'another');
    for (const ask of [() => store.history(), () => store.begin(fresh), () => store.lock()])
      await expect(ask()).rejects.toMatchObject({
        code: 'KLG-560',
        message: expect.stringContaining('/kollage/mine/state'),
      });
    expect(await mine.history()).toHaveLength(1);
    await mine.close();
    await store.close();
  });

  test('a large revision lies in several nodes, each below the limit', async () => {
    const key = new StoreKey(secret, 'large');
    const pieces = [...(await nodes(clientOf(key.owner), '/kollage/large/state/pieces'))];
    expect(pieces.length).toBeGreaterThan(4);
    for (const [, data] of pieces) expect(data.length).toBeLessThan(1_000_000);
  });

  test('of several that begin at the same moment each has a number of its own, and all of its own', async () => {
    await beginTogether(() => open('race'));
  });

  test('what somebody has changed or taken away is told by name', async () => {
    const { client, store } = stateOf(ensemble().servers, 'broken');
    await store.begin(fresh);
    const [path = ''] = [...(await nodes(client, '/kollage/broken/state/pieces')).keys()].filter((one) =>
      one.endsWith('00000000'),
    );
    await client.set(path, Buffer.from('x'));
    await expect(store.revision()).rejects.toMatchObject({
      code: 'KLG-508',
      message: expect.stringContaining(path),
    });
    await client.remove(path);
    await expect(store.revision()).rejects.toMatchObject({
      code: 'KLG-508',
      message: expect.stringContaining(path),
    });
    await client.set('/kollage/broken/state/revisions/00000001', Buffer.from('x'));
    await expect(store.history()).rejects.toMatchObject({
      code: 'KLG-508',
      message: expect.stringContaining('revisions/00000001'),
    });
    await store.close();
  });

  /** A process of its own that takes the lock of a deployment, tells so, and holds it until it is killed. */
  const holding = async (deployment: string) => {
    const servers = ensemble().servers.map(({ host, port }) => `${host}:${port}`);
    const words = [`${import.meta.dirname}/hold-lock.ts`, servers.join(), deployment, secret];
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    expect(line).toBe('held');
    return child;
  };

  test('the lock of a process that died here is taken over at once', async () => {
    const store = await open('died');
    const holder = await holding('died');
    await expect(store.lock()).rejects.toMatchObject({
      code: 'KLG-503',
      message: expect.stringContaining(`process ${holder.pid} `),
    });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const began = performance.now();
    await using _lock = await store.lock();
    // Long before its session of 4 s has expired.
    expect(performance.now() - began).toBeLessThan(3500);
    await store.close();
  });

  /** Makes the one who holds a lock look like a process of another machine. */
  const moveFar = async (deployment: string) => {
    const client = clientOf(new StoreKey(secret, deployment).owner);
    const path = `/kollage/${deployment}/state/lock`;
    const [name = ''] = (await client.children(path)) ?? [];
    const said = JSON.parse(String((await client.get(`${path}/${name}`))?.data));
    await client.set(
      `${path}/${name}`,
      Buffer.from(JSON.stringify({ ...said, host: 'far', machine: 'far', pid: 7 })),
    );
  };

  test('the lock of a process that died elsewhere is taken over when its session has expired, and not before', async () => {
    const store = await open('elsewhere');
    const holder = await holding('elsewhere');
    await moveFar('elsewhere');
    const began = performance.now();
    const lock = store.lock();
    holder.kill('SIGKILL');
    await using _lock = await lock;
    expect(performance.now() - began).toBeGreaterThan(1000);
    await store.close();
  });

  test('one that lives elsewhere, as its session shows, keeps the lock', async () => {
    const store = await open('alive');
    await holding('alive');
    await moveFar('alive');
    await expect(store.lock()).rejects.toMatchObject({
      code: 'KLG-503',
      message: expect.stringContaining('process 7 on far'),
    });
    await store.close();
  });

  test('who has lost the lock, because nobody heard of it, writes no more, whoever has it now', async () => {
    const [server] = ensemble().servers;
    await using link = await faultLink(server ?? { host: '', port: 0 });
    const { client, store } = stateOf([link.server], 'lost');
    await using _lock = await store.lock();
    const number = await store.begin(fresh);
    const other = await open('lost');
    await moveFar('lost');
    link.stall();
    await using _theirs = await other.lock();
    link.heal();
    for (const write of [
      () => store.mark(number, 'done'),
      () => store.note(number, { type: 'undone' }),
      () => store.begin(fresh),
    ])
      await expect(write()).rejects.toMatchObject({
        code: 'KLG-503',
        message: expect.stringContaining('was lost'),
      });
    expect(await other.unfinished()).toMatchObject({ number, status: 'applying' });
    expect(await other.journal(number)).toEqual([]);
    await other.mark(number, 'done');
    await other.close();
    await client.close();
  });

  test('each write whose answer is lost is there once', async () => {
    const [server] = ensemble().servers;
    await using link = await faultLink(server ?? { host: '', port: 0 });
    const { store } = stateOf([link.server], 'once');
    link.loseNextAnswer();
    const lock = await store.lock();
    link.loseNextAnswer();
    const number = await store.begin({ ...fresh, notes: [{ type: 'volume', id: 'a' }] });
    expect(number).toBe(1);
    for (const id of ['b', 'c', 'd']) {
      link.loseNextAnswer();
      await store.note(number, { type: 'volume', id });
    }
    link.loseNextAnswer();
    await store.mark(number, 'done');
    expect(await store.journal(number)).toMatchObject([{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }]);
    expect((await store.history()).map(({ status }) => status)).toEqual(['done']);
    await lock[Symbol.asyncDispose]();
    await store.close();
  });
});

describeWithZooKeeper('state in an ensemble of three', 3, (ensemble) => {
  test('the leader is killed while a revision is written down: what was said to be written is there, in its order', async () => {
    const { store } = stateOf(ensemble().servers, 'fallen');
    await using _lock = await store.lock();
    const number = await store.begin(fresh);
    const ids = Array.from({ length: 40 }, (_, at) => `v/${at}`);
    for (const [at, id] of ids.entries()) {
      if (at === 10) await (await ensemble().leader()).kill();
      await store.note(number, { type: 'volume', id });
    }
    await store.mark(number, 'done');
    const other = stateOf(ensemble().servers, 'fallen').store;
    expect((await other.journal(number)).map((entry) => 'id' in entry && entry.id)).toEqual(ids);
    expect(await other.last()).toMatchObject({ number });
    await other.close();
    await store.close();
  });
});
