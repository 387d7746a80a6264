import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { server } from './balanced.ts';
import { type Asking, whileAsking } from './load.ts';
import { Running } from './running.ts';
import { folderOf } from './written.ts';

/* A back end takes another port each time it starts, and says which; the front end in front of it follows. */

const name = 'kollage-test-outputs';
const port = 21831;
const url = `http://127.0.0.1:${port}/`;
const { root, write } = folderOf();
const running = new Running(join(root, 'deployment'));

const configure = (version: string) =>
  write(
    'deployment/kollage.yaml',
    `name: ${name}
catalog: ../catalog
services: { back: { options: { version: ${version} } } }
`,
  );

beforeAll(async () => {
  write(
    'catalog/catalog.yaml',
    `catalog: outputs
title: Outputs
releases: { "2025.1": { title: One, default: true } }
roles: { controller: Everything }
profiles: { all: { title: All, default: true, services: [back, front, other] } }
imageName: "kollage/{{ image }}:{{ release }}"
`,
  );
  for (const image of ['haproxy', 'memcached']) write(`catalog/images/${image}.yaml`, `image: ${image}\n`);
  write(
    'catalog/back/service.yaml',
    `service: back
title: Back
image: memcached
user: memcached
options: { version: { type: string, doc: What it says., default: one } }
config:
  web.json: { path: /etc/web.json, mode: "0644" }
  web.py: { path: /etc/web.py, mode: "0644" }
components:
  server:
    command: python3 /etc/web.py
    config: [web.json, web.py]
    update: { strategy: blue-green }
    outputs: { port: /tmp/port }
    health: { file: { path: /tmp/port }, grace: 10 }
    stop: { grace: 5 }
`,
  );
  write(
    'catalog/back/config/web.json.j2',
    '{"address": "{{ bind }}", "port": 0, "version": "{{ options.version }}"}',
  );
  const says = 'with open("/tmp/.port", "w") as file:\n    file.write(str(server.server_port))\n';
  const publishes = `${says}__import__("os").rename("/tmp/.port", "/tmp/port")\nserver.serve_forever()`;
  write('catalog/back/config/web.py.j2', server.replace('server.serve_forever()', publishes));
  write(
    'catalog/front/service.yaml',
    `service: front
title: Front
image: haproxy
user: haproxy
config:
  haproxy.cfg: { path: /etc/haproxy/haproxy.cfg, onChange: reload }
  reload.py: { path: /etc/haproxy/reload.py }
components:
  server:
    command: haproxy -W -S /run/haproxy/master.sock -f /etc/haproxy/haproxy.cfg
    config: [haproxy.cfg, reload.py]
    mounts: [{ tmpfs: true, path: /run/haproxy }]
    endpoints: { front: { port: ${port}, scheme: http } }
    needs: [{ output: back/server, key: port }]
    health: { http: { endpoint: front, path: / }, grace: 10 }
    reload: { command: python3 -I -S /etc/haproxy/reload.py }
`,
  );
  write(
    'catalog/front/config/haproxy.cfg.j2',
    `defaults
    mode http
    option httpclose
    timeout connect 5s
    timeout client 60s
    timeout server 60s

listen front
    bind {{ bind }}:${port}
    server back 127.0.0.1:{{ output("back/server", "port") }}
`,
  );
  write(
    'catalog/front/config/reload.py.j2',
    `import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect("/run/haproxy/master.sock")
    sock.sendall(b"reload\\n")
    # It answers when the new process serves.
    answer = b"".join(iter(lambda: sock.recv(4096), b""))
sys.exit(b"Success=1" not in answer)
`,
  );
  write(
    'catalog/other/service.yaml',
    `service: other
title: Other
image: memcached
components: { server: { command: "memcached -u memcached -p ${port + 1}", endpoints: { main: { port: ${port + 1} } } } }
`,
  );
  configure('one');
  write('deployment/passwords.yml', 'kollage_fingerprint_key: key\n');
  await running.up();
});
afterAll(() => running.destroy());

const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
const ids = () =>
  ['front', 'other'].map((one) => docker('inspect', '-f', '{{.Id}}', `${name}-${one}-server`));
const says = async () => (await fetch(url)).text();
const published = () =>
  /server back 127\.0\.0\.1:(\d+)$/m.exec(
    docker('exec', `${name}-front-server`, 'cat', '/etc/haproxy/haproxy.cfg'),
  )?.[1];

test('the front end waits for the port, and has it', async () => {
  expect(await says()).toBe('one');
  expect(await running.ailing()).toEqual([]);
});

test('ten updates of the back end, each on another port: no request is lost, and only the front end follows', async () => {
  const before = ids();
  const ports = new Set([published()]);
  const asked: Asking[] = [
    { url, every: 50 },
    { url, request: { method: 'POST', body: 'order' }, every: 0 },
    { url, every: 0 },
  ];
  const loads = await whileAsking(asked, async () => {
    for (let number = 1; number <= 10; number++) {
      configure(`v${number}`);
      const { events } = await running.up();
      expect(
        events.flatMap((one) =>
          one.type === 'change-started' && one.key.startsWith('workload') ? [one.key] : [],
        ),
      ).toEqual(['workload:back/server']);
      expect(await says()).toBe(`v${number}`);
      ports.add(published());
    }
  });
  expect(loads.map(({ failures }) => failures)).toEqual([{}, {}, {}]);
  expect(ports.size).toBe(11);
  expect(ids()).toEqual(before);
  expect((await running.up()).number).toBeNull();
});

test('a back end that came up by itself on another port is followed by the next run, by reading a file again', async () => {
  const before = ids();
  const port = () => docker('exec', `${name}-back-server`, 'cat', '/tmp/port');
  const was = port();
  docker('restart', `${name}-back-server`);
  await vi.waitFor(() => expect(port()).not.toBe(was), { timeout: 60_000 });
  const { events } = await running.up();
  const changes = events.flatMap((one) => (one.type === 'change-started' ? [[one.key, one.mode]] : []));
  expect(changes).toEqual([['workload:front/server', 'reload']]);
  expect(await says()).toBe('v10');
  expect(ids()).toEqual(before);
  expect((await running.up()).number).toBeNull();
});
