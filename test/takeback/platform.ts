import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadCatalog } from '../../src/load/catalog.ts';
import type { Service } from '../../src/model/service.ts';
import { derivedImage } from '../support/derived-image.ts';
import type { Phase, Subject } from './subjects.ts';

const catalog = loadCatalog(['openstack'], '.');
const oldDatabase = 'kollage/mariadb-server:zed';
/** Seconds in which what never gets healthy would have to. */
const grace = 15;

export interface Settings {
  readonly folder: string;
  readonly name: string;
  /** Where it listens. */
  readonly address: string;
  /** Those that they require come along. */
  readonly services: readonly string[];
}

/** A deployment folder of OpenStack that is changed for the worse, and back again. */
export class Platform {
  readonly #settings: Settings;
  readonly #services: ReadonlySet<string>;

  constructor(settings: Settings) {
    this.#settings = settings;
    const services = new Set(settings.services);
    for (const service of services) for (const one of definition(service).requires) services.add(one);
    this.#services = services;
  }

  /** The folder as it is good. MariaDB is Zed's, so that there is a newer one to go to. */
  good(): void {
    for (const path of ['config', 'bad'])
      rmSync(join(this.#settings.folder, path), { recursive: true, force: true });
    this.#configure(['openstack']);
  }

  /** The folder with a change that fails at this phase, and beside it one of another service with which nothing is wrong. */
  spoil(subject: Subject, phase: Phase): void {
    this.good();
    const { service, component, image, program, config, unhealthy } = subject;
    const options = new Map([
      service === 'memcached' ? ['keystone', 'threads: 5'] : ['memcached', 'max_memory: 65'],
    ]);
    const images: Record<string, string> = {};
    const overlay: Record<string, object> = {};
    if (phase === 'image') images[image] = this.#brokenImage(image, program);
    else if (phase === 'config' && 'file' in config) this.#write(`config/${config.file}`, config.text);
    else if (phase === 'config' && 'options' in config) options.set(service, config.options);
    else if (phase === 'health')
      overlay['components'] = { [component]: { command: idle[unhealthy], health: { grace } } };
    else if (phase === 'migrate') {
      images[image] = 'kollage/mariadb-server:2025.1';
      const real = catalog.templates.get('mariadb/upgrade.sh.j2')?.text;
      this.#write('bad/mariadb/config/upgrade.sh.j2', `${real}echo "and then it failed" >&2\nexit 9\n`);
    } else Object.assign(overlay, this.#spoiltTask(subject, phase));
    this.#write(`bad/${service}/service.yaml`, JSON.stringify({ service, ...overlay }));
    this.#configure(['openstack', './bad'], images, options);
  }

  #spoiltTask({ service, migrations }: Subject, phase: Phase): object {
    const name = migrations[phase] ?? '';
    const task = definition(service).tasks[name];
    this.#write('bad/lib/spoil.py', readFileSync(new URL('spoil.py', import.meta.url), 'utf8'));
    const file = { template: 'lib/spoil.py', path: '/etc/kollage/spoil.py', mode: '0400' };
    const spoilt = {
      command: `python3 /etc/kollage/spoil.py ${phase}`,
      config: ['spoil.py', ...(task?.config ?? [])],
      rerun: ['image', 'command'],
      // Also where the schema is new, and nothing would be left to do.
      ...(task?.unless && { unless: { is: 'never' } }),
    };
    return { config: { 'spoil.py': file }, tasks: { [name]: spoilt } };
  }

  #brokenImage(image: string, program: string): string {
    const from = image === 'mariadb-server' ? oldDatabase : `kollage/${image}:2025.1`;
    const script = '#!/bin/sh\necho "broken on purpose" >&2\nexit 3\n';
    return derivedImage(from, `${this.#settings.name}/${image}:broken`, { [program]: script });
  }

  #configure(
    catalogs: readonly string[],
    images: Readonly<Record<string, string>> = {},
    options: ReadonlyMap<string, string> = new Map(),
  ): void {
    const { name, address } = this.#settings;
    // The broker's programs find each other on the node, wherever it listens.
    const beside = `cluster_port: ${25_600 + Number(address.split('.').at(-1))}`;
    const services = [...catalog.services.keys()].map((service) => {
      const own =
        options.get(service) ?? (service === 'rabbitmq' && this.#services.has(service) ? beside : undefined);
      const value = own === undefined ? this.#services.has(service) : `{ options: { ${own} } }`;
      return `  ${service}: ${value}\n`;
    });
    const overrides = { 'mariadb-server': oldDatabase, ...images };
    this.#write(
      'kollage.yaml',
      `name: ${name}
release: "2025.1"
address: ${address}
catalog: ${JSON.stringify(catalogs)}
services:
${services.join('')}images: ${JSON.stringify({ overrides })}
`,
    );
  }

  #write(path: string, text: string): void {
    const file = join(this.#settings.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** What a process does that never gets healthy. */
const idle = {
  never: 'sleep infinity',
  wrong: 'python3 -m http.server --bind {{ bind }} {{ options.port }}',
} as const;

function definition(service: string): Service {
  const found = catalog.services.get(service)?.value;
  if (!found) throw new Error(`there is no service ${service}`);
  return found;
}
