import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf } from './written.ts';

/** A web server that says its version, answers slowly when it is asked to, and ends with its last request when it is told to stop. */
export const server = `import http.server, json, signal, socketserver, sys, threading, time
with open("/etc/web.json") as file:
    config = json.load(file)
if config["version"] == "broken":
    sys.exit("this one does not work")
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        if self.command == "POST":
            self.rfile.read(int(self.headers.get("content-length", 0)))
            time.sleep(0.3)
        body = config["version"].encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_POST = answer
    def log_message(self, *args):
        pass
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    request_queue_size = 128
server = Server((config["address"], config["port"]), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
`;

/** A deployment of a web server behind the HAProxy of OpenStack's catalog. `port`: of three that it takes from there on. */
export function makeBalanced(name: string, port: number) {
  const { root, write } = folderOf();
  write(
    'catalog/catalog.yaml',
    `catalog: balanced
title: Balanced
releases: { "2025.1": { title: One, default: true } }
roles: { controller: Everything }
profiles: { all: { title: All, default: true, services: [haproxy, web] } }
imageName: "kollage/{{ image }}:{{ release }}"
`,
  );
  for (const image of ['haproxy', 'memcached']) write(`catalog/images/${image}.yaml`, `image: ${image}\n`);
  cpSync(
    new URL('../../catalog/openstack/haproxy', import.meta.url).pathname,
    join(root, 'catalog', 'haproxy'),
    { recursive: true },
  );
  write(
    'catalog/web/service.yaml',
    `service: web
title: Web
image: memcached
user: memcached
options: { version: { type: string, doc: What it says., default: one } }
config:
  web.json: { path: /etc/web.json, mode: "0644" }
  web.py: { path: /etc/web.py, mode: "0644" }
components:
  api:
    command: python3 /etc/web.py
    config: [web.json, web.py]
    endpoints: { api: { port: ${port}, scheme: http, balanced: true } }
    update: { strategy: blue-green }
    health: { http: { endpoint: api, path: / }, grace: 10 }
    stop: { grace: 5 }
`,
  );
  write(
    'catalog/web/config/web.json.j2',
    '{"address": "{{ bind }}", "port": {{ port("api") }}, "version": "{{ options.version }}"}',
  );
  write('catalog/web/config/web.py.j2', server);
  const configure = (version: string, replicas = 1, balanced = true) =>
    write(
      'deployment/kollage.yaml',
      `name: ${name}
catalog: ../catalog
services:
  haproxy: { enabled: ${balanced}, options: { status_port: ${port - 1} } }
  web: { options: { version: ${version} }, components: { api: { replicas: ${replicas} } } }
`,
    );
  configure('one');
  write('deployment/passwords.yml', 'kollage_fingerprint_key: key\n');
  return { folder: join(root, 'deployment'), configure };
}
