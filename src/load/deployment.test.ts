import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaints, folderWith, shopDeployment } from '../../test/support/folders.ts';
import { formatPlace } from '../model/error.ts';
import { loadDeployment } from './deployment.ts';

const kollage = shopDeployment['kollage.yaml'];

/** The shop's folder with more lines in kollage.yaml, and more files. */
function shop(lines = '', files: Readonly<Record<string, string>> = {}): string {
  return folderWith({ ...shopDeployment, 'kollage.yaml': kollage + lines, ...files });
}

/** Variables of which each is the next one twice. */
function doubling(names: string): string {
  return [...names]
    .map((name, index) => `${name}: "{{ ${names[index + 1]} }} {{ ${names[index + 1]} }}"\n`)
    .join('')
    .replace(/"[^"]*undefined[^"]*"/, 'long');
}

describe('loading a deployment', () => {
  it('fills in what two lines leave open', async () => {
    const { deployment, findings } = await loadDeployment(shop());
    expect(deployment).toMatchObject({
      name: 'shop',
      release: '1.0',
      engine: { type: 'docker' },
      address: '127.0.0.1',
      interface: null,
      externalAddress: '127.0.0.1',
      services: ['db', 'web'],
      nodes: [
        { name: 'localhost', roles: ['compute', 'controller'], address: null, memory: null, cpus: null },
      ],
      images: { pull: 'missing' },
      overrides: [],
    });
    expect(deployment.options.size + deployment.components.size + deployment.secrets.size).toBe(0);
    expect(findings).toEqual([]);
  });

  it('takes what kollage.yaml says', async () => {
    const { deployment } = await loadDeployment(
      shop(`release: 2.0
engine: { type: kubernetes, namespace: shop }
address: 192.0.2.1
options: { debug: true }
roles: { all: [controller, compute], both: [all] }
nodes:
  big: { roles: [both], memory: 2G, cpus: 4 }
  small-[1:2]: { roles: [compute], address: "192.0.2.[11:12]" }
services:
  web:
    options: { port: 8080, version: 1.10 }
    components: { app: { replicas: 2, role: all } }
`),
    );
    expect(deployment).toMatchObject({
      release: '2.0',
      engine: { type: 'kubernetes', namespace: 'shop' },
      externalAddress: '192.0.2.1',
      nodes: [
        { name: 'big', roles: ['all', 'both', 'compute', 'controller'], memory: 2 * 2 ** 30, cpus: 4 },
        { name: 'small-1', roles: ['compute'], address: '192.0.2.11' },
        { name: 'small-2', roles: ['compute'], address: '192.0.2.12' },
      ],
    });
    expect([...deployment.options].map(([name, { value, place }]) => [name, value, place.line])).toEqual([
      ['debug', true, 6],
      ['web.port', 8080, 13],
      ['web.version', '1.10', 13],
    ]);
    expect([...deployment.components]).toEqual([['web/app', { replicas: 2, role: 'all' }]]);
  });

  it("takes kolla-ansible's globals.yml, over which kollage.yaml wins", async () => {
    const folder = shop('externalAddress: shop.example.org\nservices: { web: { options: { port: 81 } } }\n', {
      'globals.yml': `---
network_interface: eth0
kolla_internal_vip_address: "{{ base }}.5"
base: 192.0.2
shop_release: 2.0
docker_registry: registry.example.org/kolla
openstack_logging_debug: "yes"
web_port: "90"
web_version: 2025.10
web_hosts: "a, b"
db_connections: "{{ limit }}"
limit: 7
`,
    });
    const { deployment, findings } = await loadDeployment(folder);
    expect(deployment).toMatchObject({
      interface: 'eth0',
      address: '192.0.2.5',
      externalAddress: 'shop.example.org',
      release: '2.0',
      images: { registry: 'registry.example.org/kolla' },
    });
    expect(Object.fromEntries([...deployment.options].map(([name, { value }]) => [name, value]))).toEqual({
      debug: true,
      'db.connections': 7,
      'web.hosts': ['a', 'b'],
      'web.port': 81,
      'web.version': '2025.10',
    });
    expect(deployment.globals.get('base')).toMatchObject({ value: '192.0.2', place: { line: 4, column: 7 } });
    expect(findings).toEqual([]);
  });

  it.each<[string, string, string, string[]]>([
    ['everything of the default profile', '', '', ['db', 'web']],
    ['another profile', 'profile: data\n', '', ['db']],
    ['a service more', 'profile: data\nservices: { web: true }\n', '', ['db', 'web']],
    ['a service that has settings', 'profile: data\nservices: { web: {} }\n', '', ['db', 'web']],
    ['a service fewer', 'services: { web: false }\n', '', ['db']],
    ['a service fewer, with settings', 'services: { web: { enabled: false } }\n', '', ['db']],
    ["kolla-ansible's switch", '', 'enable_web: "no"\n', ['db']],
    ['kollage.yaml over the switch', 'services: { web: true }\n', 'enable_web: no\n', ['db', 'web']],
  ])('turns services on: %s', async (_, lines, globals, expected) => {
    const { deployment } = await loadDeployment(
      shop(lines, globals === '' ? {} : { 'globals.yml': globals }),
    );
    expect(deployment.services).toEqual(expected);
  });

  it('reads overrides sorted, without what explains them', async () => {
    const folder = shop('', {
      'config/web/app.conf': 'a',
      'config/db.conf': 'b',
      'config/README.md': 'c',
      'config/.x': '',
    });
    const { deployment } = await loadDeployment(folder);
    expect(deployment.overrides.map(({ path, text }) => [path, text])).toEqual([
      ['db.conf', 'b'],
      ['web/app.conf', 'a'],
    ]);
  });

  it('names variables without effect, unless something mentions them', async () => {
    const folder = shop('', {
      'globals.yml':
        'web_prt: 1\nnobody_reads_me: 2\nused_below: 3\nother: "{{ in_a_value }}"\nin_a_value: 4\nenable_wep: no\n',
      'config/web.conf': '[web]\nx = {{ used_below }}\n',
    });
    const { findings } = await loadDeployment(folder);
    expect(
      findings.map(({ code, severity, message, place }) => [code, severity, message, place?.line]),
    ).toEqual([
      ['KLG-111', 'warning', 'nothing reads the variable web_prt; did you mean web_port?', 1],
      ['KLG-111', 'warning', 'nothing reads the variable nobody_reads_me', 2],
      ['KLG-111', 'warning', 'nothing reads the variable other', 4],
      ['KLG-111', 'warning', 'nothing reads the variable enable_wep; did you mean enable_web?', 6],
    ]);
  });

  it('writes out roles of roles of roles, and those in a circle', async () => {
    const chain = Array.from(
      { length: 20_000 },
      (_, at) => `  r${at}: [${at < 19_999 ? `r${at + 1}` : 'compute, r0'}]\n`,
    );
    const { deployment } = await loadDeployment(
      shop(`roles:\n${chain.join('')}nodes: { a: { roles: [r0] } }\n`),
    );
    expect(deployment.nodes[0]?.roles).toHaveLength(20_001);
  });

  it('knows 2,000 nodes', async () => {
    const folder = shop('nodes:\n  "c-[0001:2000]": { roles: [compute] }\n  a: { roles: [controller] }\n');
    const { deployment } = await loadDeployment(folder);
    expect(deployment.nodes).toHaveLength(2001);
  });
});

describe('the mistakes of a deployment folder', () => {
  it.each<[string, string, Record<string, string>, unknown[]]>([
    [
      'an unknown release',
      'release: 3.0\n',
      {},
      ['KLG-105 kollage.yaml:3:10 there is no release 3.0; did you mean 1.0?'],
    ],
    [
      'an unknown profile',
      'profile: al\n',
      {},
      ['KLG-105 kollage.yaml:3:10 there is no profile al; did you mean all?'],
    ],
    [
      'an unknown service',
      'services: { wep: true }\n',
      {},
      ['KLG-105 kollage.yaml:3:18 there is no service wep; did you mean web?'],
    ],
    [
      'an unknown component',
      'services: { web: { components: { ap: {} } } }\n',
      {},
      ['KLG-105 kollage.yaml:3:38 web has no component ap; did you mean app?'],
    ],
    [
      'an unknown role of a component',
      'services: { web: { components: { app: { role: compte } } } }\n',
      {},
      ['KLG-105 kollage.yaml:3:47 there is no role compte; did you mean compute?'],
    ],
    [
      'an unknown option',
      'services: { web: { options: { prt: 1 } } }\n',
      {},
      ['KLG-103 kollage.yaml:3:36 web has no option prt; did you mean port?'],
    ],
    [
      'an unknown option of the catalog',
      'options: { debgu: true }\n',
      {},
      ['KLG-103 kollage.yaml:3:19 the catalog has no option debgu; did you mean debug?'],
    ],
    [
      'a wrong value',
      'services: { web: { options: { port: http } } }\n',
      {},
      ['KLG-104 kollage.yaml:3:37 services.web.options.port must be a whole number, not "http"'],
    ],
    [
      'a value out of bounds',
      'services: { web: { options: { port: 65536 } } }\n',
      {},
      ['KLG-104 kollage.yaml:3:37 services.web.options.port must be at most 65535, not 65536'],
    ],
    [
      'an unknown role of a node',
      'nodes: { a: { roles: [contoller] } }\n',
      {},
      ['KLG-105 kollage.yaml:3:23 there is no role contoller; did you mean controller?'],
    ],
    [
      'a role made of an unknown one',
      'roles: { x: [compte] }\n',
      {},
      ['KLG-105 kollage.yaml:3:14 there is no role compte; did you mean compute?'],
    ],
    [
      'a node that stands twice',
      'nodes:\n  a1: { roles: [compute] }\n  "a[1:2]": { roles: [compute] }\n',
      {},
      ['KLG-104 kollage.yaml:5:13 the node a1 stands twice'],
    ],
    [
      'a range that runs backwards',
      'nodes: { "a[2:1]": { roles: [compute] } }\n',
      {},
      ['KLG-104 kollage.yaml:3:20 the range [2:1] runs backwards'],
    ],
    [
      'too many nodes',
      'nodes: { "a[1:9000]": { roles: [compute] }, "b[1:9000]": { roles: [compute] } }\n',
      {},
      ['KLG-104 kollage.yaml:3:58 there are more than 10000 nodes'],
    ],
    [
      'a name that no host can have',
      'nodes: { a_b: { roles: [compute] } }\n',
      {},
      ['KLG-104 kollage.yaml:3:15 a_b cannot be the name of a node: letters, digits, - and . only'],
    ],
    [
      'one address for two nodes',
      'nodes: { "a[1:2]": { roles: [compute], address: 192.0.2.1 } }\n',
      {},
      ['KLG-104 kollage.yaml:3:49 2 names and 1 address: each node needs one of its own'],
    ],
    [
      'a service that another needs',
      'services: { db: false }\n',
      {},
      ['KLG-109 kollage.yaml:3:17 web is on and needs db, which is off'],
    ],
    [
      'a service that the profile does not bring',
      'profile: data\nservices: { db: false, web: true }\n',
      {},
      ['KLG-109 kollage.yaml:4:17 web is on and needs db, which is off'],
    ],
    [
      'an unknown engine',
      'engine: dokcer\n',
      {},
      ['KLG-105 kollage.yaml:3:9 there is no engine dokcer; did you mean docker?'],
    ],
    [
      'an unknown engine in a map',
      'engine: { type: kubernets }\n',
      {},
      ['KLG-105 kollage.yaml:3:17 there is no engine kubernets; did you mean kubernetes?'],
    ],
    [
      'variables of variables of variables',
      '',
      {
        'globals.yml': `web_port: "{{ v0 }}"\n${Array.from({ length: 20_000 }, (_, at) => `v${at}: "{{ v${at + 1} }}"\n`).join('')}`,
      },
      [expect.stringMatching(/^KLG-104 globals.yml:1:11 /)],
    ],
    [
      'variables that grow without end',
      '',
      {
        'globals.yml': `web_version: "{{ a }}"\n${doubling('abcdefghijklmnopqrstuvwxyz')}`,
      },
      [expect.stringMatching(/^KLG-104 globals.yml:1:14 /)],
    ],
    [
      'an unknown key',
      'relase: 1.0\n',
      {},
      ['KLG-103 kollage.yaml:3:1 unknown key relase; did you mean release?'],
    ],
    [
      'a switch that is neither',
      '',
      { 'globals.yml': 'enable_web: perhaps\n' },
      ['KLG-104 globals.yml:1:13 enable_web must be yes or no'],
    ],
    [
      'a wrong value in globals.yml',
      '',
      { 'globals.yml': '# x\nweb_port: http\n' },
      ['KLG-104 globals.yml:2:11 web_port must be a whole number, not "http"'],
    ],
    [
      'a template that needs more than globals.yml',
      '',
      { 'globals.yml': 'web_port: "{{ ansible_port }}"\n' },
      [
        'KLG-104 globals.yml:1:11 web_port decides an option, so its template can only name other variables of this file',
      ],
    ],
    [
      'variables in a circle',
      '',
      { 'globals.yml': 'web_port: "{{ a }}"\na: "{{ web_port }}"\n' },
      [expect.stringMatching(/^KLG-104 globals.yml:1:11 /)],
    ],
    [
      'a list as globals.yml',
      '',
      { 'globals.yml': '- a\n' },
      ['KLG-104 globals.yml:1:1 globals.yml must be a map of variables'],
    ],
    [
      'a list as a release',
      '',
      { 'globals.yml': 'shop_release: [1]\n' },
      ['KLG-104 globals.yml:1:15 shop_release must be a text'],
    ],
    [
      'a broken globals.yml',
      '',
      { 'globals.yml': 'a: "b\n' },
      [expect.stringMatching(/^KLG-102 globals.yml:/)],
    ],
    [
      'an override that is no text',
      '',
      { 'config/web.conf': 'a\0b' },
      ['KLG-108 config/web.conf config/web.conf holds NUL bytes, so it is not text'],
    ],
    [
      'a broken passwords.yml',
      '',
      { 'passwords.yml': 'a: [b]\n' },
      ['KLG-104 passwords.yml:1:4 the secret a must be a text, not a list'],
    ],
    [
      'several at once',
      'release: 3.0\nservices: { web: { options: { prt: 1 } }, wep: false }\n',
      { 'globals.yml': 'enable_db: x\n' },
      [
        'KLG-105 kollage.yaml:3:10 there is no release 3.0; did you mean 1.0?',
        'KLG-104 globals.yml:1:12 enable_db must be yes or no',
        'KLG-105 kollage.yaml:4:48 there is no service wep; did you mean web?',
        'KLG-103 kollage.yaml:4:36 web has no option prt; did you mean port?',
      ],
    ],
  ])('%s', async (_, lines, files, expected) => {
    const folder = shop(lines, files);
    expect(await complaints(() => loadDeployment(folder), folder)).toEqual(expected);
  });

  it('says when there is no deployment', async () => {
    const folder = folderWith({ 'other.yaml': '' });
    expect(await complaints(() => loadDeployment(folder))).toEqual([
      `KLG-101 - ${folder} holds no kollage.yaml`,
    ]);
    expect(await complaints(() => loadDeployment('/nowhere/at/all'))).toEqual([
      'KLG-101 - there is no folder /nowhere/at/all',
    ]);
  });

  it('reads nothing outside of the folder', async () => {
    const folder = shop();
    symlinkSync('/etc', join(folder, 'config'));
    expect(await complaints(() => loadDeployment(folder), folder)).toEqual([
      'KLG-106 config config is a symbolic link that leads out of the folder',
    ]);
  });

  it('tells where options were set', async () => {
    const folder = shop('options:\n  debug: true\n');
    const { deployment } = await loadDeployment(folder);
    const place = deployment.options.get('debug')?.place;
    expect(place && formatPlace(place)).toBe(`${folder}/kollage.yaml:4:10`);
    expect(deployment.at(['options'])).toMatchObject({ line: 3, column: 1 });
  });
});
