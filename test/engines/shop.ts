import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scratch } from '../support/folders.ts';

/**
 * A deployment small enough to be brought up in a second, with everything that an engine must be able to do: a store that others wait
 * for, a task between them with a file that holds a secret, a volume, and two that follow. `settings`: more lines of kollage.yaml that stay.
 */
export function makeShop(name: string, ports: number, settings = ''): Shop {
  const root = scratch();
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write(
    'catalog/catalog.yaml',
    `catalog: shop
title: Shop
releases: { "2025.1": { title: One, default: true } }
roles: { controller: Everything }
profiles: { all: { title: All, default: true, services: [store, web] } }
imageName: "kollage/{{ image }}:{{ release }}"
`,
  );
  write('catalog/images/memcached.yaml', 'image: memcached\n');
  write(
    'catalog/store/service.yaml',
    `service: store
title: Store
image: memcached
options:
  memory: { type: integer, doc: Megabytes., default: 16, min: 1 }
  command: { type: string, doc: What it runs instead., default: "" }
components:
  server:
    command: >-
      {% if options.command %}{{ options.command }}{% else %}
      memcached -u memcached -l {{ bind }} -p ${ports} -m {{ options.memory }}{% endif %}
    endpoints: { main: { port: ${ports} } }
    health: { memcached: { endpoint: main }, grace: 20 }
    stop: { grace: 2 }
`,
  );
  write(
    'catalog/web/service.yaml',
    `service: web
title: Web
image: memcached
options:
  command: { type: string, doc: What the task runs., default: cp /etc/web.conf /data/out }
secrets: { web_password: {} }
volumes: { data: {} }
config: { web.conf: { path: /etc/web.conf, format: ini, main: true, owner: root } }
tasks:
  setup:
    command: "{{ options.command }}"
    user: root
    config: [web.conf]
    mounts: [{ volume: data, path: /data }]
    needs: [{ endpoint: store/main }]
components:
  front:
    command: memcached -u memcached -l {{ bind }} -p ${ports + 1}
    config: [web.conf]
    endpoints: { front: { port: ${ports + 1} } }
    health: { tcp: { endpoint: front }, grace: 20 }
    needs: [{ task: setup }, { endpoint: store/main }]
    stop: { grace: 2 }
  back:
    command: memcached -u memcached -l {{ bind }} -p ${ports + 2}
    endpoints: { back: { port: ${ports + 2} } }
    health: { tcp: { endpoint: back }, grace: 20 }
    needs: [{ endpoint: store/main }]
    stop: { grace: 2 }
`,
  );
  write(
    'catalog/web/config/web.conf.j2',
    '[web]\npassword = {{ secret("web_password") }}\nnode = {{ node.name }}\n',
  );
  const folder = join(root, 'deployment');
  const configure = (more = '') =>
    write('deployment/kollage.yaml', `name: ${name}\ncatalog: ../catalog\n${settings}${more}`);
  configure();
  write(
    'deployment/passwords.yml',
    `web_password: hunter2-${name}\nkollage_fingerprint_key: key\nkollage_store_key: open-${name}\n`,
  );
  const define = (service: string, change: (text: string) => string) => {
    const path = `catalog/${service}/service.yaml`;
    write(path, change(readFileSync(join(root, path), 'utf8')));
  };
  return { folder, configure, define, override: (path, text) => write(`deployment/config/${path}`, text) };
}

export interface Shop {
  /** The deployment folder. */
  readonly folder: string;
  /** Writes kollage.yaml anew with more lines. */
  readonly configure: (more?: string) => void;
  /** Writes a service's definition anew. */
  readonly define: (service: string, change: (text: string) => string) => void;
  readonly override: (path: string, text: string) => void;
}
