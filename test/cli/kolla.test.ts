import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratch } from '../support/folders.ts';
import { kollage } from './kollage.ts';

/* A kolla-ansible operator's folder, read as it is: its variables, passwords and overrides come out where they belong. */

const root = scratch();
const files: Readonly<Record<string, string>> = {
  'kollage.yaml': `name: cloud
nodes:
  host-1: { roles: [controller, network, compute, storage], address: 192.0.2.11 }
`,
  'globals.yml': `---
kolla_internal_vip_address: "192.0.2.10"
openstack_region_name: "Region {{ site }}"
openstack_logging_debug: yes
enable_heat: no
enable_horizon: "no"
site: Basel
nova_consolle: novnc
own_ratio: 4.5
`,
  'passwords.yml': `---
keystone_admin_password: kolla-secret-admin
database_password: kolla-secret-root
nova_keystone_password: kolla-secret-nova
`,
  'config/global.conf': '[DEFAULT]\nlog_rotation = {{ site | lower }}\n',
  'config/nova.conf': `[DEFAULT]
cpu_allocation_ratio = {{ own_ratio }}
{% if inventory_hostname is defined %}
own_host = {{ inventory_hostname }}
{% endif %}
[own]
listed = 1
listed = 2
`,
  'config/nova/nova-compute.conf': '[libvirt]\ncpu_mode = host-passthrough\n',
  'config/nova/host-1/nova.conf': '[DEFAULT]\ncpu_allocation_ratio = 2.0\n',
  'config/nova/nvoa-api.conf': '[DEFAULT]\nx = 1\n',
};

let rendered: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  await kollage(['secrets'], { cwd: root });
  const { stdout } = await kollage(['render', '--json'], { cwd: root });
  const state: { resources: { kind: string; id: string; files?: { name: string; content: string }[] }[] } =
    JSON.parse(stdout);
  rendered = Object.fromEntries(
    state.resources.flatMap(({ kind, id, files = [] }) =>
      kind === 'config' ? files.map(({ name, content }) => [`${id}/${name}`, content]) : [],
    ),
  );
});

const compute = () => rendered['nova/compute/nova.conf'] ?? '';
const api = () => rendered['nova/api/nova.conf'] ?? '';

describe('overrides', () => {
  test('global.conf reaches the main file of every service, evaluated', () => {
    for (const file of [
      'nova/api/nova.conf',
      'keystone/api/keystone.conf',
      'glance/api/glance-api.conf',
      'neutron/server/neutron.conf',
    ])
      expect([file, /^log_rotation = basel$/m.test(rendered[file] ?? '')]).toEqual([file, true]);
  });

  test('nova.conf reaches all of nova, with its list and its token for the host', () => {
    for (const text of [api(), compute()]) {
      expect(text).toContain('[own]\nlisted = 1\nlisted = 2\n');
      expect(text).toMatch(/^own_host = @\{node\.name\}$/m);
    }
  });

  test('nova-compute.conf reaches nova-compute alone', () => {
    expect(compute()).toMatch(/^cpu_mode = host-passthrough$/m);
    expect(api()).not.toMatch(/^cpu_mode = host-passthrough$/m);
  });

  test('the file of a host wins on that host', () => {
    expect(compute()).toMatch(/^cpu_allocation_ratio = 2\.0$/m);
    expect(compute()).not.toMatch(/^cpu_allocation_ratio = 4\.5$/m);
  });

  test('one that nothing reads is told, with the nearest name', async () => {
    const { code, stderr } = await kollage(['render'], { cwd: root });
    expect(code).toBe(0);
    expect(stderr).toContain(
      'warning[KLG-110] config/nova/nvoa-api.conf:1:1: no component reads config/nova/nvoa-api.conf; did you mean config/nova/nova-api.conf?',
    );
  });
});

describe('variables', () => {
  test('yes and no are booleans, bare or in quotes', () => {
    expect(api()).toMatch(/^debug = true$/m);
    expect(Object.keys(rendered).filter((path) => /^(heat|horizon)\//.test(path))).toEqual([]);
  });

  test('one may be made of another', () => {
    expect(api()).toMatch(/^(os_)?region_name = Region Basel$/m);
  });

  test('the internal address is where services find each other', () => {
    expect(api()).toContain('192.0.2.10');
  });

  test('one that nothing reads is told', async () => {
    const { stderr } = await kollage(['render', 'nova'], { cwd: root });
    expect(stderr).toContain(
      'warning[KLG-111] globals.yml:8:1: nothing reads the variable nova_consolle; did you mean nova_console?',
    );
  });
});

test('passwords are used under their names and never printed', async () => {
  const { stdout } = await kollage(['secrets', '--show', 'nova_keystone_password'], { cwd: root });
  expect(stdout).toBe('kolla-secret-nova\n');
  expect(api()).toContain('@{secret.nova_keystone_password');
  for (const args of [['plan'], ['plan', '--json'], ['render'], ['graph']]) {
    const ended = await kollage(args, { cwd: root });
    expect(ended.stdout + ended.stderr).not.toContain('kolla-secret');
  }
});
