import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { bootCommand, startFiles } from '../../src/engines/marathon/boot.ts';
import { app, storeKey } from '../../src/engines/marathon/render/app.ts';
import { RenderScope } from '../../src/engines/marathon/render/scope.ts';
import { processBundle } from '../../src/engines/marathon/render/spec.ts';
import { settingsOf } from '../../src/engines/marathon/settings.ts';
import { Znodes } from '../../src/engines/marathon/znodes.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import { ZooKeeperClient } from '../../src/zookeeper/client.ts';
import { StoreKey } from '../../src/zookeeper/seal.ts';
import { everything } from '../catalog/everything.ts';
import { describeWithZooKeeper } from '../zookeeper/testing.ts';
import { type Load, whileAsking } from './load.ts';

/* The catalog's HAProxy follows ZooKeeper's registry: the real one, in its container, in front of instances that come and go. */

const name = 'kollage-test-registry';
const service = 'keystone/api';
const [front, first] = [21861, 21871];

/** Answers who it is after a moment; told to end, it takes no more and answers what it has. */
const program = `
import http.server, signal, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(0.05)
        self.send_response(200)
        self.send_header("Content-Length", str(len(sys.argv[1])))
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
    do_POST = do_GET
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    def handle_error(self, *_):
        pass  # a health check closes before all was said
Handler.timeout = 1
server = Server((sys.argv[2], int(sys.argv[3])), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
`;

describeWithZooKeeper('HAProxy in front of what is registered', 1, (ensemble) => {
  const start = startFiles();
  const key = new StoreKey('the-secret-of-the-store', name);
  const children: ChildProcess[] = [];
  let client: ZooKeeperClient;
  let znodes: Znodes;
  const zookeeper = () =>
    ensemble()
      .servers.map(({ host, port }) => `${host}:${port}`)
      .join();

  beforeAll(async () => {
    client = new ZooKeeperClient({ servers: ensemble().servers, credentials: [key.owner], patience: 20_000 });
    znodes = new Znodes(client, name, key);
    await znodes.prepare(start);
    const scope = new RenderScope({
      desired: compiled(),
      settings: settingsOf({ type: 'marathon', zookeeper: zookeeper() }),
      start,
    });
    const proxy = scope.workloads.find(({ id }) => id === 'haproxy/server');
    if (!proxy) throw new Error('there is no HAProxy');
    await znodes.publish(proxy.id, proxy.fingerprint, processBundle(scope, proxy));
    const { args, env, container } = app(scope, proxy);
    const own = { MESOS_TASK_ID: 'haproxy.1', HOST: 'agent-1' };
    const given = znodes.variables(proxy.id, proxy.fingerprint, zookeeper());
    const variables = { ...env, ...own, KOLLAGE_STORE_KEY: given['KOLLAGE_STORE_KEY'] ?? storeKey };
    const words = [
      ...['run', '--detach', '--name', name, '--network', 'host'],
      ...container.docker.parameters.map((one) => `--${one.key}=${one.value}`),
      ...Object.keys(variables).flatMap((variable) => ['--env', variable]),
      ...[container.docker.image, ...args.slice(1)],
    ];
    execFileSync('docker', words, {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  });
  afterAll(async () => {
    await Promise.all(children.map(stop));
    execFileSync('docker', ['rm', '--force', name], { stdio: 'ignore' });
    await client.close();
  });

  /** Starts an instance as an agent would; it is registered under its name once it answers. */
  const launch = async (at: number): Promise<ChildProcess> => {
    const [instance, port] = [`keystone.${at}`, first + at];
    const host = '@{node.address:lo}';
    const probe = { type: 'tcp', host, port };
    const register = {
      as: service,
      address: host,
      stop: 'SIGTERM',
      probe,
      interval: 0.2,
      ports: { [service]: port },
    };
    const exec = ['python3', '-I', '-c', program, instance, host, String(port)];
    const spec = { id: service, exec, needs: [], fill: [], timeoutSeconds: 20 };
    const store = { type: 'zookeeper', register };
    await znodes.publish(service, instance, { spec: { ...spec, store }, files: [] });
    const [python = '', ...words] = bootCommand(start);
    const own = { PATH: process.env['PATH'], MESOS_TASK_ID: instance, HOST: 'agent-1' };
    const env = { ...own, ...znodes.variables(service, instance, zookeeper()) };
    const child = spawn(python, words, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    children.push(child);
    return child;
  };

  const url = `http://127.0.0.1:${front}/`;
  const ask = async () => {
    try {
      const answer = await fetch(url);
      return answer.ok ? await answer.text() : answer.status;
    } catch {
      return null;
    }
  };
  /** Until all of these answer, and none besides: as often in turn as there may be of them. */
  const answering = (...at: readonly number[]) =>
    expect
      .poll(async () => [...new Set([await ask(), await ask(), await ask(), await ask()])].sort(), {
        timeout: 20_000,
      })
      .toEqual(at.map((one) => `keystone.${one}`));

  test('an instance that comes is asked, and who went is not; no request is lost', async () => {
    await expect.poll(ask, { timeout: 20_000 }).toBe(503);
    let last = await launch(0);
    await answering(0);
    const loads = await whileAsking(
      [
        { url, every: 10 },
        { url, every: 20, request: { method: 'POST', body: 'x'.repeat(20_000) } },
      ],
      async () => {
        for (const at of [1, 2, 3, 4, 5]) {
          const next = await launch(at);
          await answering(at - 1, at);
          await stop(last);
          await answering(at);
          last = next;
        }
      },
    );
    expect(loads).toEqual(loads.map(({ answered }): Load => ({ answered, failures: {} })));
    expect(Math.min(...loads.map(({ answered }) => answered))).toBeGreaterThan(50);
  });

  test('without ZooKeeper it goes on with those it knows, and follows again when that is back', async () => {
    const server = await ensemble().leader();
    await server.kill();
    for (let at = 0; at < 50; at++) expect(await ask()).toBe('keystone.5');
    server.start();
    await launch(6);
    await answering(5, 6);
  });
});

function compiled() {
  const { catalog, deployment } = everything('2025.1');
  const { desired } = compile({
    catalog,
    deployment: {
      ...deployment,
      name,
      engine: { type: 'marathon' },
      interface: 'lo',
      services: ['haproxy', 'keystone', 'mariadb', 'memcached', 'rabbitmq'],
      options: new Map([['keystone.port', { value: front, place: { file: 'kollage.yaml' } }]]),
    },
    engine: engineTraits.marathon,
  });
  return desired;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGTERM');
  await ended;
}
