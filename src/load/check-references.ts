import type { Catalog, Located } from '../model/catalog.ts';
import type { Finding } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import type {
  Component,
  HealthDefinition,
  NeedDefinition,
  ReadyDefinition,
  Service,
  TaskDefinition,
  Trait,
} from '../model/service.ts';
import type { Kind, Names } from './catalog-names.ts';
import { checkReady } from './check-ready.ts';

type Path = readonly PropertyKey[];

/**
 * Whether everything exists that a service's components and tasks name, its traits' tasks included: needs (KLG-202),
 * configuration files, volumes, roles, the endpoints of probes, and what ready checks ask (KLG-209).
 */
export function checkReferences(
  name: string,
  service: Located<Service>,
  catalog: Catalog,
  names: Names,
): Finding[] {
  const check = new Check(name, service, catalog, names);
  const own = check
    .parts('components', service.value.components)
    .concat(check.parts('tasks', service.value.tasks));
  const traits = Object.keys(service.value.traits).flatMap((traitName) => {
    const trait = catalog.traits.get(traitName);
    return trait ? new Check(name, trait, catalog, names).parts('tasks', trait.value.tasks) : [];
  });
  const { tools, access } = service.value;
  const handed = Object.entries(tools)
    .flatMap(([tool, { config }]) => check.files(config, ['tools', tool, 'config']))
    .concat(check.files(access?.files ?? [], ['access', 'files']));
  return [...check.role(service.value.role, ['role']), ...own, ...traits, ...handed];
}

class Check {
  readonly #service: string;
  readonly #from: Located<Service | Trait>;
  readonly #catalog: Catalog;
  readonly #names: Names;

  constructor(service: string, from: Located<Service | Trait>, catalog: Catalog, names: Names) {
    this.#service = service;
    this.#from = from;
    this.#catalog = catalog;
    this.#names = names;
  }

  parts(key: 'components' | 'tasks', parts: Readonly<Record<string, Component | TaskDefinition>>): Finding[] {
    return Object.entries(parts).flatMap(([name, part]) => {
      const path = [key, name];
      return [
        ...this.files(part.config, [...path, 'config']),
        ...part.mounts.flatMap(({ volume }, index) =>
          volume === undefined ? [] : this.#named('volume', volume, [...path, 'mounts', index, 'volume']),
        ),
        ...part.needs.flatMap((need, index) => this.#need(need, [...path, 'needs', index])),
        ...this.role(part.role, [...path, 'role']),
        ...('unless' in part && part.unless
          ? this.#output(part.unless.output, part.unless.key, [...path, 'unless', 'output'])
          : []),
        ...('ready' in part
          ? part.ready.flatMap((ready, index) => this.#ready(ready, [...path, 'ready', index]))
          : []),
        ...('health' in part && part.health ? this.#health(part.health, [...path, 'health']) : []),
        ...('members' in part && part.members?.health
          ? this.#health(part.members.health, [...path, 'members', 'health'])
          : []),
      ];
    });
  }

  /** Names of configuration files. */
  files(names: readonly string[], path: Path): Finding[] {
    return names.flatMap((file, index) => this.#named('config', file, [...path, index]));
  }

  /** A role, or several with commas between; templates are left to compiling. */
  role(role: string | undefined, path: Path): Finding[] {
    const known = Object.keys(this.#catalog.file.value.roles);
    if (role === undefined || role.includes('{') || known.length === 0) return [];
    const wrong = role
      .split(',')
      .map((part) => part.trim())
      .filter((part) => !known.includes(part));
    return wrong.map((part) =>
      this.#finding('KLG-209', `there is no role ${part}${suggestion(part, known)}`, path),
    );
  }

  #need(need: NeedDefinition, path: Path): Finding[] {
    if ('endpoint' in need) return this.#named('endpoint', need.endpoint, [...path, 'endpoint'], 'KLG-202');
    if ('component' in need)
      return this.#named('component', need.component, [...path, 'component'], 'KLG-202');
    if ('task' in need) return this.#named('task', need.task, [...path, 'task'], 'KLG-202');
    return this.#output(need.output, need.key, [...path, 'output']);
  }

  #output(of: string, key: string, path: Path): Finding[] {
    return this.#named('output', `${of}:${key}`, path, 'KLG-202');
  }

  #ready(ready: ReadyDefinition, path: Path): Finding[] {
    return [
      ...this.#named('endpoint', ready.http.endpoint, [...path, 'http', 'endpoint']),
      ...checkReady(ready, this.#from, path, this.#catalog),
    ];
  }

  #health(health: HealthDefinition, path: Path): Finding[] {
    const [type, endpoint] =
      'http' in health
        ? ['http', health.http.endpoint]
        : 'tcp' in health
          ? ['tcp', health.tcp.endpoint]
          : 'mysql' in health
            ? ['mysql', health.mysql.endpoint]
            : 'amqp' in health
              ? ['amqp', health.amqp.endpoint]
              : 'memcached' in health
                ? ['memcached', health.memcached.endpoint]
                : [];
    if (type === undefined || endpoint === undefined) return [];
    return this.#named('endpoint', endpoint, [...path, type, 'endpoint']);
  }

  #named(kind: Kind, reference: string, path: Path, code: 'KLG-202' | 'KLG-209' = 'KLG-209'): Finding[] {
    const whole =
      reference.split(':')[0]?.includes('/') && kind !== 'config'
        ? reference
        : `${this.#service}/${reference}`;
    if (this.#names.has(kind, whole)) return [];
    const what = kind === 'config' ? 'configuration file' : kind;
    const hint = suggestion(whole, this.#names.all(kind));
    return [
      this.#finding(
        code,
        `${this.#service} names the ${what} ${whole}, which no service defines${hint}`,
        path,
      ),
    ];
  }

  #finding(code: 'KLG-202' | 'KLG-209', message: string, path: Path): Finding {
    return { code, severity: 'error', message, place: this.#from.at(path) };
  }
}
