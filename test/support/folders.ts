import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';
import { formatPlace, KollageError } from '../../src/model/error.ts';

/** A folder for the tests of one file or group, which goes away with them. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kollage-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder with these files, which goes away with the test. */
export function folderWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kollage-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    const whole = join(folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    writeFileSync(whole, content);
  }
  return folder;
}

/** What an action complains about, `CODE file:line:column message` each, file names relative to `folder`; none when it succeeds. */
export async function complaints(action: () => unknown, folder = ''): Promise<string[]> {
  try {
    await action();
    return [];
  } catch (error) {
    if (!(error instanceof KollageError)) throw error;
    return [error.finding, ...error.also].map(({ code, message, place }) =>
      `${code} ${place ? formatPlace(place) : '-'} ${message}`.replaceAll(
        folder === '' ? '\0' : `${folder}/`,
        '',
      ),
    );
  }
}

/** A catalog of two services and a trait, for tests to break. */
export const shopCatalog = {
  'cat/catalog.yaml': `catalog: shop
title: A shop
releases:
  "1.0": { title: One, default: true }
  "2.0": { title: Two, upgradesFrom: ["1.0"] }
roles: { controller: Serves, compute: Computes }
profiles:
  all: { title: All of it, default: true, services: [db, web] }
  data: { title: Only the database, services: [db] }
options:
  debug: { type: boolean, default: false, doc: More in the logs, globals: [openstack_logging_debug] }
secrets: { admin_password: {} }
globals:
  keys: { network_interface: interface, kolla_internal_vip_address: address, shop_release: release, docker_registry: images.registry }
`,
  'cat/db/service.yaml': `service: db
title: Database
image: db
options:
  connections: { type: integer, default: 100, min: 1, doc: How many, globals: [db_connections] }
volumes: { data: {} }
components:
  server:
    mounts: [{ volume: data, path: /data }]
    endpoints: { sql: { port: 3306 } }
    health: { tcp: { endpoint: sql } }
`,
  'cat/web/service.yaml': `service: web
title: Web
requires: [db]
image: web
traits:
  database: { user: shop }
options:
  port: { type: integer, default: 80, min: 1, max: 65535, doc: Where it listens, globals: [web_port] }
  theme: { type: enum, values: [light, dark], default: light, doc: Looks }
  version: { type: string, default: null, doc: Of the pages, globals: [web_version] }
  hosts: { type: list, default: [], doc: Names, globals: [web_hosts] }
secrets: { web_key: { generate: hex, length: 16 } }
config:
  web.conf: { path: /etc/web.conf, format: ini, main: true }
components:
  app:
    config: [web.conf]
    endpoints: { http: { port: "{{ options.port }}", scheme: http } }
    needs: [{ endpoint: db/sql }, { task: schema }]
    health: { http: { endpoint: http } }
`,
  'cat/web/config/web.conf.j2': '[web]\nport = {{ options.port }}\n',
  'cat/traits/database.yaml': `trait: database
doc: A database of its own
parameters:
  user: { doc: Its user }
  name: { doc: Its name, default: shop }
secrets: { "{{ with.user }}_password": { generate: password } }
tasks:
  schema: { command: make-schema, needs: [{ endpoint: db/sql }] }
`,
  'cat/images/web.yaml': 'image: web\nabout: The shop\nonly: ["1.0"]\n',
  'cat/lib/common.j2': 'common',
} as const;

export const shopDeployment = { ...shopCatalog, 'kollage.yaml': 'name: shop\ncatalog: ./cat\n' } as const;
