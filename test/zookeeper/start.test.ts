import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { bootCommand, startFiles } from '../../src/engines/marathon/boot.ts';
import { type ProcessBundle, Znodes } from '../../src/engines/marathon/znodes.ts';
import { ZooKeeperClient } from '../../src/zookeeper/client.ts';
import type { Server } from '../../src/zookeeper/connection.ts';
import { StoreKey } from '../../src/zookeeper/seal.ts';
import type { Ensemble } from './ensemble.ts';
import { faultLink } from './fault-link.ts';
import { describeWithZooKeeper } from './testing.ts';

const start = startFiles();
const key = new StoreKey('the-secret-of-the-store', 'cloud');

/** A process that was started as a container is, and what it said. */
interface Running {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly ended: Promise<number | null>;
}

/** Where what is fetched lies. In a container it goes with that. */
const memory = '/dev/shm';
const folders = () => readdirSync(memory).filter((name) => name.startsWith('kollage-'));

/** What the tests of one ensemble share. */
function world(ensemble: () => Ensemble) {
  let client: ZooKeeperClient;
  let znodes: Znodes;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kollage-test-'));
    const others = new Set(folders());
    client = new ZooKeeperClient({ servers: ensemble().servers, credentials: [key.owner], patience: 20_000 });
    znodes = new Znodes(client, 'cloud', key);
    await znodes.prepare(start);
    return async () => {
      await client.close();
      // Those of who was killed.
      for (const name of folders().filter((one) => !others.has(one)))
        rmSync(join(memory, name), { recursive: true });
      rmSync(folder, { recursive: true, force: true });
    };
  });

  /** What a process is given: a command, and whatever else its spec says. */
  const bundle = (id: string, exec: readonly string[], more: Record<string, unknown> = {}): ProcessBundle => {
    const {
      files = [],
      register = null,
      ...spec
    } = more as { files?: ProcessBundle['files']; register?: object | null };
    const store = { type: 'zookeeper', register };
    return { spec: { id, exec, needs: [], fill: [], timeoutSeconds: 20, store, ...spec }, files };
  };

  /** Starts a published version as an instance, with nothing but what an engine gives it. */
  const launch = (
    id: string,
    version: string,
    instance: string,
    servers: readonly Server[] = ensemble().servers,
    host = 'agent-1',
  ): Running => {
    const text = servers.map(({ host, port }) => `${host}:${port}`).join();
    const [program = '', ...words] = bootCommand(start);
    const own = { PATH: process.env['PATH'], MESOS_TASK_ID: instance, HOST: host };
    const child = spawn(program, words, { env: { ...own, ...znodes.variables(id, version, text) } });
    onTestFinished(() => void child.kill('SIGKILL'));
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece) => {
      out += piece;
    });
    child.stderr.on('data', (piece) => {
      err += piece;
    });
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { child, out: () => out, err: () => err, ended };
  };

  return {
    client: () => client,
    znodes: () => znodes,
    file: (name: string) => join(folder, name),
    bundle,
    launch,
  };
}

const sleeper = (word = 'started') => ['sh', '-c', `echo ${word}; exec sleep 1000`];

describeWithZooKeeper('the start program with ZooKeeper as its store', 1, (ensemble) => {
  const { client, znodes, file, bundle, launch } = world(ensemble);

  const publishRun = async (id: string, exec: readonly string[], more: Record<string, unknown> = {}) => {
    await znodes().publish(id, 'v1', bundle(id, exec, more));
    return launch(id, 'v1', `${id.replace('/', '-')}.1`);
  };

  test('fetches what it is given, fills it in, and keeps nothing else of it', async () => {
    const target = file('api');
    const script = `cat ${target}/keystone.conf; echo "$GREETING"; env | cut -d= -f1 | sort; ls "$(dirname "$KOLLAGE_SPEC")"; echo "$KOLLAGE_SPEC"; exit 7`;
    const files = [
      {
        path: 'files/keystone.conf',
        content: 'password = @{secret.pass}\nnode = @{node.name}\n',
        mode: '0640',
      },
      { path: 'secrets/pass', content: 'hunter2\n é', mode: '0600' },
    ];
    const run = await publishRun('keystone/api', ['sh', '-c', script], {
      files,
      fill: [{ source: 'files', target }],
    });
    expect(await run.ended, run.err()).toBe(7);
    expect(run.out()).toContain('password = hunter2\n é\nnode = agent-1\n');
    expect(statSync(`${target}/keystone.conf`).mode & 0o777).toBe(0o640);
    expect(run.out()).not.toContain('KOLLAGE_STORE_KEY');
    expect(run.out()).toContain('KOLLAGE_INSTANCE\n');
    const out = run.out();
    const spec = out.trim().split('\n').at(-1) ?? '';
    expect(out, 'all but the program').toMatch(/\nstore_zookeeper_fetch\.py\n/);
    expect(out).not.toMatch(/^(files|secrets|spec\.json)$/m);
    expect(existsSync(dirname(spec)), 'and in the end that').toBe(false);
  });

  test('nothing that was fetched is left behind when it fails either', async () => {
    const missing = [{ kind: 'task', task: 'a/b', fingerprint: 'f' }];
    const before = folders();
    const run = await publishRun('left/behind', ['true'], { needs: missing, timeoutSeconds: 0.3 });
    expect(await run.ended).toBe(75);
    expect(run.err()).toContain('left/behind gave up after 0.3 s; not met: task a/b f (has no record)');
    expect(folders()).toEqual(before);
    expect(await client().children(znodes().path('waiting'))).toEqual([]);
  });

  test('what is larger than a node may be comes as it is, a version as it was first', async () => {
    const content = 'é'.repeat(1_200_000);
    const files = [{ path: 'files/large', content, mode: '0644' }];
    const fill = [{ source: 'files', target: file('large') }];
    const run = await publishRun('large/one', ['true'], { files, fill });
    expect(await run.ended, run.err()).toBe(0);
    expect(readFileSync(file('large/large'), 'utf8') === content).toBe(true);
    await znodes().publish('large/one', 'v1', bundle('large/one', ['false']));
    expect(await launch('large/one', 'v1', 'x').ended).toBe(0);
    await znodes().publish('large/one', 'v2', bundle('large/one', ['false']));
    expect(await znodes().versions('large/one')).toEqual(['v1', 'v2']);
    expect(await launch('large/one', 'v2', 'x').ended).toBe(1);
    await znodes().forget('large/one', 'v1');
    const gone = launch('large/one', 'v1', 'x');
    expect(await gone.ended).toBe(75);
    expect(gone.err()).toContain('there is no /kollage/cloud/processes/large__one/v1');
  });

  test('a container opens what is for it, and not what is for another', async () => {
    await znodes().publish('one/a', 'v1', bundle('one/a', ['true']));
    await znodes().publish('one/b', 'v1', bundle('one/b', ['true']));
    const servers = ensemble()
      .servers.map(({ host, port }) => `${host}:${port}`)
      .join();
    const [program = '', ...words] = bootCommand(start);
    const tryIt = async (more: Record<string, string>) => {
      const own = { PATH: process.env['PATH'], MESOS_TASK_ID: 'a.1' };
      const env = { ...own, ...znodes().variables('one/a', 'v1', servers), ...more };
      const child = spawn(program, words, { env });
      let err = '';
      child.stderr.on('data', (piece) => {
        err += piece;
      });
      const [code] = await once(child, 'close');
      return { code, err };
    };
    expect(await tryIt({})).toEqual({ code: 0, err: '' });
    const other = await tryIt({ KOLLAGE_PROCESS: 'one/b' });
    expect(other.code).toBe(75);
    expect(other.err).toContain('is not as it was written, or not for this container');
    const stranger = await tryIt({ KOLLAGE_STORE_KEY: `cloud-member:guessed:${'0'.repeat(64)}` });
    expect(stranger.err).toContain('not authorized');
    expect(other.err + stranger.err).not.toContain(key.member.password);
  });

  test('waits for records, outputs and who is registered, and goes on when they are there', async () => {
    const needs = [
      { kind: 'task', task: 'keystone/sync', fingerprint: 'f1' },
      { kind: 'output', output: 'mariadb/install', key: 'port' },
      { kind: 'service', name: 'mariadb/mysql', service: 'mariadb/server' },
    ];
    const run = await publishRun('wait/api', ['echo', 'port @{output.mariadb/install:port}'], { needs });
    const waiting = async () => {
      const [name = 'none'] = (await client().children(znodes().path('waiting'))) ?? [];
      const node = await client().get(znodes().path('waiting', name));
      return node && JSON.parse(String(node.data));
    };
    await expect
      .poll(waiting, { timeout: 10_000 })
      .toMatchObject({ id: 'wait/api', node: 'agent-1', state: 'waiting' });
    const task = await publishRun('keystone/sync', ['true'], { task: { fingerprint: 'f1' } });
    expect(await task.ended, task.err()).toBe(0);
    const port = file('port');
    const install = { task: { fingerprint: 'f', outputs: { port } } };
    const publishing = await publishRun('mariadb/install', ['sh', '-c', `echo 3306 > ${port}`], install);
    expect(await publishing.ended, publishing.err()).toBe(0);
    expect(run.child.exitCode, 'one of three is not there yet').toBeNull();
    const server = await publishRun('mariadb/server', sleeper(), {
      register: {
        as: 'mariadb/server',
        address: '@{node.address}',
        stop: 'SIGTERM',
        probe: null,
        interval: 1,
        ports: { mysql: 3306 },
      },
    });
    expect(await run.ended, run.err()).toBe(0);
    expect(run.out()).toBe('port 3306\n');
    expect(await client().children(znodes().path('waiting')), 'who waits no more is not said to').toEqual([]);
    server.child.kill('SIGTERM');
    expect(await server.ended).toBe(143);
  });

  test('waiting asks nothing again before something has changed', async () => {
    const [server] = ensemble().servers;
    await using link = await faultLink(server ?? { host: '', port: 0 });
    const needs = [
      { kind: 'task', task: 'quiet/sync', fingerprint: 'current' },
      { kind: 'output', output: 'quiet/install', key: 'port' },
      { kind: 'service', name: 'quiet/db', service: 'quiet/db' },
    ];
    await znodes().want('quiet/sync', 'f');
    await znodes().publish('quiet/db', 'v1', bundle('quiet/db', sleeper()));
    await znodes().publish('quiet/api', 'v1', bundle('quiet/api', ['echo', 'on'], { needs }));
    const run = launch('quiet/api', 'v1', 'q', [link.server]);
    await expect.poll(run.err, { timeout: 10_000 }).toContain('waits for');
    await pause(500);
    const before = link.requests();
    expect(before).toBeGreaterThan(4);
    await pause(3000);
    // Signs of life alone: three in each time of a session, which is 4 s here at most. It looks five times a second at what it knows.
    expect(link.requests() - before).toBeLessThanOrEqual(4);
    run.child.kill('SIGTERM');
    await run.ended;
  });

  test('who waits for a task waits for the one that is wanted now', async () => {
    await znodes().want('moving/sync', 'one');
    const needs = [{ kind: 'task', task: 'moving/sync', fingerprint: 'current' }];
    const run = await publishRun('moving/api', ['echo', 'on'], { needs });
    await expect.poll(run.err, { timeout: 10_000 }).toContain('waits for');
    await znodes().want('moving/sync', 'two');
    const record = async (version: string, fingerprint: string) => {
      await znodes().publish(
        'moving/sync',
        version,
        bundle('moving/sync', ['true'], { task: { fingerprint } }),
      );
      expect(await launch('moving/sync', version, version).ended).toBe(0);
    };
    await record('v1', 'one');
    expect(run.child.exitCode, 'the one before counts no more').toBeNull();
    await record('v2', 'two');
    expect(await run.ended, run.err()).toBe(0);
  });

  test('a task is run once, by one at a time, and its record says how it ended', async () => {
    const log = file('ran');
    const exec = ['sh', '-c', `echo x >> ${log}; sleep 0.5`];
    await znodes().publish('once/sync', 'v1', bundle('once/sync', exec, { task: { fingerprint: 'f' } }));
    const [one, two] = [launch('once/sync', 'v1', 'a'), launch('once/sync', 'v1', 'b')];
    expect(await Promise.all([one.ended, two.ended]), one.err() + two.err()).toEqual([0, 0]);
    expect(readFileSync(log, 'utf8')).toBe('x\n');
    expect(one.err() + two.err()).toMatch(/once\/sync (f is done already|is being run by another container)/);
    const record = await client().get(znodes().path('tasks', 'once/sync', 'f'));
    expect(JSON.parse(String(record?.data))).toMatchObject({
      id: 'once/sync',
      state: 'done',
      exitCode: 0,
      node: 'agent-1',
    });
    const failing = await publishRun('once/fails', ['false'], { task: { fingerprint: 'g' } });
    expect(await failing.ended).toBe(1);
    const failed = await client().get(znodes().path('tasks', 'once/fails', 'g'));
    expect(JSON.parse(String(failed?.data))).toMatchObject({ state: 'failed', exitCode: 1 });
    expect(await client().children(znodes().path('locks'))).toEqual([]);
  });

  test('the lock of a task that was killed is free when its session has ended', async () => {
    const first = await publishRun('killed/sync', sleeper(), { task: { fingerprint: 'f' } });
    await expect.poll(first.out, { timeout: 10_000 }).toContain('started');
    first.child.kill('SIGKILL');
    await znodes().publish(
      'killed/sync',
      'v2',
      bundle('killed/sync', ['true'], { task: { fingerprint: 'f' } }),
    );
    const second = launch('killed/sync', 'v2', 'again');
    expect(await second.ended, second.err()).toBe(0);
    expect(second.err()).toContain('is being run by another container');
  });

  const registered = async (id: string) => (await znodes().registered(id)).map(({ instance }) => instance);

  test('is registered once it is healthy, no longer than that, and not after its end', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    listener.close();
    await once(listener, 'close');
    const probe = { type: 'tcp', host: '@{node.name}', port };
    const register = {
      as: 'reg/api',
      address: '@{node.address}',
      stop: 'SIGTERM',
      probe,
      interval: 0.2,
      ports: { public: port },
    };
    // What only the node knows is filled in.
    await znodes().publish('reg/api', 'v1', bundle('reg/api', sleeper(), { register }));
    const run = launch('reg/api', 'v1', 'reg-api.1', undefined, '127.0.0.1');
    await expect.poll(run.out, { timeout: 10_000 }).toContain('started');
    expect(await registered('reg/api')).toEqual([]);
    const again = createServer((socket) => socket.end()).listen(port, '127.0.0.1');
    await once(again, 'listening');
    await expect.poll(() => registered('reg/api'), { timeout: 10_000 }).toEqual(['reg-api.1']);
    expect(await znodes().registered('reg/api')).toMatchObject([
      {
        id: 'reg/api',
        node: '127.0.0.1',
        ports: { public: port },
        address: expect.stringMatching(/^[\d.]+$|:/),
      },
    ]);
    again.close();
    await once(again, 'close');
    await expect.poll(() => registered('reg/api'), { timeout: 10_000 }).toEqual([]);
    const third = createServer((socket) => socket.end()).listen(port, '127.0.0.1');
    onTestFinished(() => void third.close());
    await expect.poll(() => registered('reg/api'), { timeout: 10_000 }).toEqual(['reg-api.1']);
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(143);
    expect(await registered('reg/api')).toEqual([]);
  });

  test('a command may say whether it is healthy', async () => {
    const flag = file('healthy');
    const register = {
      as: 'cmd/api',
      address: '@{node.address}',
      stop: 'SIGTERM',
      probe: { type: 'command', command: ['test', '-e', flag] },
      interval: 0.2,
      ports: {},
    };
    const run = await publishRun('cmd/api', sleeper(), { register });
    await expect.poll(run.out, { timeout: 10_000 }).toContain('started');
    expect(await registered('cmd/api')).toEqual([]);
    writeFileSync(flag, '');
    await expect.poll(() => registered('cmd/api'), { timeout: 10_000 }).toEqual(['cmd-api.1']);
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(143);
  });

  test('whoever is killed is not registered any more when its session has ended', async () => {
    const register = {
      as: 'dead/api',
      address: '@{node.address}',
      stop: 'SIGTERM',
      probe: null,
      interval: 1,
      ports: {},
    };
    const run = await publishRun('dead/api', sleeper(), { register });
    const gone = Promise.withResolvers<string>();
    await expect.poll(() => registered('dead/api'), { timeout: 10_000 }).toHaveLength(1);
    await znodes().registered('dead/api', gone.resolve);
    run.child.kill('SIGKILL');
    expect(await gone.promise).toBe('changed');
    expect(await registered('dead/api')).toEqual([]);
  });

  test('after a session that expired while nobody could be reached, it is registered again', async () => {
    const [server] = ensemble().servers;
    await using link = await faultLink(server ?? { host: '', port: 0 });
    const register = {
      as: 'cut/api',
      address: '@{node.address}',
      stop: 'SIGTERM',
      probe: null,
      interval: 0.2,
      ports: {},
    };
    await znodes().publish('cut/api', 'v1', bundle('cut/api', sleeper(), { register }));
    const run = launch('cut/api', 'v1', 'cut.1', [link.server]);
    await expect.poll(() => registered('cut/api'), { timeout: 10_000 }).toEqual(['cut.1']);
    const owner = async () =>
      (await client().get(znodes().path('registry', 'cut/api', 'cut.1')))?.stat.ephemeralOwner;
    const before = await owner();
    link.cut();
    await expect.poll(owner, { timeout: 10_000 }).toBe(before);
    link.stall();
    await expect.poll(() => registered('cut/api'), { timeout: 10_000 }).toEqual([]);
    link.heal();
    await expect.poll(() => registered('cut/api'), { timeout: 10_000 }).toEqual(['cut.1']);
    expect(await owner()).not.toBe(before);
    run.child.kill('SIGTERM');
    expect(await run.ended).toBe(143);
  });

  test('a record whose answer is lost is written, and what waits sees it after a connection that broke', async () => {
    const [server] = ensemble().servers;
    await using link = await faultLink(server ?? { host: '', port: 0 });
    const needs = [{ kind: 'task', task: 'lossy/sync', fingerprint: 'f' }];
    await znodes().publish('lossy/api', 'v1', bundle('lossy/api', ['echo', 'on'], { needs }));
    const waiter = launch('lossy/api', 'v1', 'w', [link.server]);
    await expect.poll(waiter.err, { timeout: 10_000 }).toContain('waits for');
    const go = file('go');
    const exec = ['sh', '-c', `until [ -e ${go} ]; do sleep 0.05; done`];
    await znodes().publish('lossy/sync', 'v1', bundle('lossy/sync', exec, { task: { fingerprint: 'f' } }));
    const task = launch('lossy/sync', 'v1', 't');
    await expect
      .poll(() => client().children(znodes().path('locks')), { timeout: 10_000 })
      .toEqual(['lossy__sync']);
    link.cut();
    writeFileSync(go, '');
    expect(await task.ended, task.err()).toBe(0);
    expect(await waiter.ended, waiter.err()).toBe(0);
    expect(waiter.out()).toBe('on\n');
  });

  test('where no server answers it says so, and gives up', async () => {
    await znodes().publish('nobody/api', 'v1', bundle('nobody/api', ['true']));
    const run = launch('nobody/api', 'v1', 'n', [{ host: '127.0.0.1', port: 1 }]);
    // Not as long as it would be patient.
    run.child.kill('SIGTERM');
    await run.ended;
    expect(run.out()).toBe('');
  });
});

describeWithZooKeeper('the start program with three servers', 3, (ensemble) => {
  const { client, znodes, bundle, launch } = world(ensemble);

  test('waits on, and stays registered, while the leader falls', async () => {
    const register = {
      as: 'steady/api',
      address: '@{node.address}',
      stop: 'SIGTERM',
      probe: null,
      interval: 0.2,
      ports: {},
    };
    await znodes().publish('steady/api', 'v1', bundle('steady/api', sleeper(), { register }));
    const needs = [{ kind: 'task', task: 'late/sync', fingerprint: 'f' }];
    await znodes().publish(
      'late/api',
      'v1',
      bundle('late/api', ['echo', 'on'], { needs, timeoutSeconds: 40 }),
    );
    await znodes().publish('late/sync', 'v1', bundle('late/sync', ['true'], { task: { fingerprint: 'f' } }));
    const [steady, late] = [launch('steady/api', 'v1', 's'), launch('late/api', 'v1', 'l')];
    const names = async () => (await znodes().registered('steady/api')).map(({ instance }) => instance);
    await expect.poll(names, { timeout: 10_000 }).toEqual(['s']);
    await expect.poll(late.err, { timeout: 10_000 }).toContain('waits for');
    const leader = await ensemble().leader();
    await leader.kill();
    const sync = launch('late/sync', 'v1', 't');
    expect(await sync.ended, sync.err()).toBe(0);
    expect(await late.ended, late.err()).toBe(0);
    await expect.poll(names, { timeout: 10_000 }).toEqual(['s']);
    expect(await client().children(znodes().path('locks'))).toEqual([]);
    leader.start();
    steady.child.kill('SIGTERM');
    expect(await steady.ended).toBe(143);
  });
});
