import { setTimeout as pause } from 'node:timers/promises';
import { openDeployment } from '../../src/load/deployment.ts';
import { readPasswords } from '../../src/load/passwords.ts';
import { guestImage } from './guest.ts';

/** Where an all-in-one's APIs answer. */
export const apis = {
  keystone: 'http://127.0.0.1:5000',
  glance: 'http://127.0.0.1:9292',
  placement: 'http://127.0.0.1:8778',
  nova: 'http://127.0.0.1:8774',
  neutron: 'http://127.0.0.1:9696',
  heat: 'http://127.0.0.1:8004',
} as const;
export type Api = keyof typeof apis;

type Json = Record<string, unknown>;

/** How a request reaches a cloud. */
export type Send = (
  url: string,
  options: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string | Uint8Array<ArrayBuffer>;
  },
) => Promise<Response>;

/** A user of the cloud, who speaks to its APIs. */
export class Cloud {
  readonly #folder: string;
  readonly #address: string;
  readonly #send: Send;
  #token = '';
  #project = '';

  /** `address`: where it listens. `send`: how that is reached. */
  constructor(folder: string, address = '127.0.0.1', send: Send = fetch) {
    this.#folder = folder;
    this.#address = address;
    this.#send = send;
  }

  #url(api: Api): string {
    return apis[api].replace('127.0.0.1', this.#address);
  }

  async login(): Promise<void> {
    const { values } = await readPasswords(openDeployment(this.#folder));
    const password = values.get('keystone_admin_password')?.reveal() ?? '';
    const domain = { id: 'default' };
    const auth = {
      identity: { methods: ['password'], password: { user: { name: 'admin', domain, password } } },
      scope: { project: { name: 'admin', domain } },
    };
    const answer = await this.#send(`${this.#url('keystone')}/v3/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth }),
    });
    this.#token = answer.headers.get('x-subject-token') ?? '';
    this.#project = String(at(await answer.json(), 'token', 'project', 'id'));
  }

  get headers(): Record<string, string> {
    return { 'x-auth-token': this.#token, 'x-openstack-nova-api-version': '2.90' };
  }

  /** What the API says; `{project}` in the path is the user's. Throws what it refuses. */
  async ask(api: Api, method: string, path: string, body?: Json | Buffer): Promise<unknown> {
    const raw = Buffer.isBuffer(body);
    const answer = await this.#send(this.#url(api) + path.replace('{project}', this.#project), {
      method,
      headers: { ...this.headers, 'content-type': raw ? 'application/octet-stream' : 'application/json' },
      ...(body === undefined ? {} : { body: raw ? new Uint8Array(body) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${api} ${path}: ${answer.status} ${text.slice(0, 400)}`);
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /** Asks until `done` holds of the answer; throws with the last answer after `seconds`. */
  async until(api: Api, path: string, done: (answer: unknown) => boolean, seconds = 300): Promise<unknown> {
    for (const end = Date.now() + seconds * 1000; ; await pause(500)) {
      const answer = await this.ask(api, 'GET', path).catch((error: unknown) => String(error));
      if (done(answer)) return answer;
      if (Date.now() > end || at(answer, 'server', 'status') === 'ERROR')
        throw new Error(`${api} ${path} says after ${seconds} s: ${JSON.stringify(answer)}`);
    }
  }

  /** What the guest has written. */
  async console(server: string): Promise<string> {
    const body = { 'os-getConsoleOutput': {} };
    return String(at(await this.ask('nova', 'POST', `/v2.1/servers/${server}/action`, body), 'output'));
  }
}

/** A value inside of an answer. */
export function at(answer: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), answer);
}

function isRecord(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What a user has in the cloud, by the ids that must still be there later. */
export interface Belongings {
  readonly image: string;
  readonly network: string;
  readonly port: string;
  readonly server: string;
  readonly stack: string;
}

/** Uploads an image, makes a network, boots a server in it, and a stack. */
export async function settle(cloud: Cloud): Promise<Belongings> {
  const id = (answer: unknown, ...path: string[]) => String(at(answer, ...path, 'id'));
  const format = { disk_format: 'raw', container_format: 'bare' };
  const image = id(await cloud.ask('glance', 'POST', '/v2/images', { name: 'counter', ...format }));
  await cloud.ask('glance', 'PUT', `/v2/images/${image}/file`, guestImage());
  const network = id(
    await cloud.ask('neutron', 'POST', '/v2.0/networks', { network: { name: 'home' } }),
    'network',
  );
  const subnet = { network_id: network, ip_version: 4, cidr: '10.20.30.0/24' };
  await cloud.ask('neutron', 'POST', '/v2.0/subnets', { subnet });
  const flavor = { id: 'tiny', name: 'tiny', ram: 64, vcpus: 1, disk: 0 };
  await cloud.ask('nova', 'POST', '/v2.1/flavors', { flavor });
  const wanted = { name: 'counter', imageRef: image, flavorRef: 'tiny', networks: [{ uuid: network }] };
  const server = id(await cloud.ask('nova', 'POST', '/v2.1/servers', { server: wanted }), 'server');
  const template = {
    heat_template_version: '2018-08-31',
    resources: { word: { type: 'OS::Heat::RandomString' }, net: { type: 'OS::Neutron::Net' } },
  };
  const stack = id(
    await cloud.ask('heat', 'POST', '/v1/{project}/stacks', { stack_name: 'things', template }),
    'stack',
  );
  await cloud.until('nova', `/v2.1/servers/${server}`, (a) => at(a, 'server', 'status') === 'ACTIVE');
  await cloud.until(
    'heat',
    '/v1/{project}/stacks',
    (a) => at(a, 'stacks', 0, 'stack_status') === 'CREATE_COMPLETE',
  );
  const ports = await cloud.ask('neutron', 'GET', `/v2.0/ports?device_id=${server}`);
  return { image, network, server, stack, port: String(at(ports, 'ports', 0, 'id')) };
}

/** The states of what a user has: what an upgrade must leave as it is. */
export async function belongings(cloud: Cloud, ids: Belongings): Promise<Json> {
  const { image, network, port, server, stack } = ids;
  return {
    image: at(await cloud.ask('glance', 'GET', `/v2/images/${image}`), 'status'),
    bytes: String(await cloud.ask('glance', 'GET', `/v2/images/${image}/file`)).length,
    network: at(await cloud.ask('neutron', 'GET', `/v2.0/networks/${network}`), 'network', 'status'),
    port: at(await cloud.ask('neutron', 'GET', `/v2.0/ports/${port}`), 'port', 'status'),
    server: at(await cloud.ask('nova', 'GET', `/v2.1/servers/${server}`), 'server', 'status'),
    stack: at(
      await cloud.ask('heat', 'GET', `/v1/{project}/stacks/things/${stack}`),
      'stack',
      'stack_status',
    ),
  };
}
