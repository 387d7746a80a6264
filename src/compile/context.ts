import { Jinja } from '../config/jinja.ts';
import type { Catalog, PlaceOf } from '../model/catalog.ts';
import { type Finding, KollageError } from '../model/error.ts';
import type { Deployment, EngineTraits } from '../model/loaded.ts';
import { suggestion } from '../model/nearest.ts';
import type { Endpoint } from '../model/resource.ts';
import type { Option } from '../model/service.ts';
import { formerToken, token } from '../model/token.ts';
import type { Balancer, Front } from './front.ts';

/** What compiling is given. */
export interface CompileInput {
  readonly deployment: Deployment;
  readonly catalog: Catalog;
  readonly engine: EngineTraits;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * What templates see: the same for all of them (globals), and what each service adds. docs/reference/service.md lists it.
 * `endpoints`, `traits`, `balancer`, `instances` and `fronts` are filled while compiling, before the first template that may ask for one is evaluated.
 */
export class Context implements Disposable {
  readonly input: CompileInput;
  readonly jinja: Jinja;
  readonly endpoints = new Map<string, Endpoint>();
  balancer: Balancer | null = null;
  fronts: readonly Front[] = [];
  /** By `service/component`, where instances have names of their own: their hosts, in order. */
  instances: ReadonlyMap<string, readonly string[]> = new Map();
  /** By trait: the services that have it, each with the parameters that it gives. */
  traits: ReadonlyMap<string, readonly Values[]> = new Map();
  readonly findings: Finding[] = [];
  readonly #options: ReadonlyMap<string, Values>;
  readonly #missing = new Set<string>();

  constructor(input: CompileInput) {
    this.input = input;
    this.#options = resolveOptions(input);
    this.jinja = this.#environment(this.#services());
  }

  /** Nothing can be evaluated afterwards. */
  [Symbol.dispose](): void {
    this.jinja[Symbol.dispose]();
  }

  /** What the templates of a service see beyond the globals. */
  ofService(service: string): Values {
    return { service, component: '', options: this.#options.get(service) ?? {} };
  }

  #services(): Values {
    const on = new Set(this.input.deployment.services);
    const names = [...this.input.catalog.services.keys()].sort();
    return Object.fromEntries(
      names.map((name) => [name, { enabled: on.has(name), options: this.#options.get(name) ?? {} }]),
    );
  }

  #environment(services: Values): Jinja {
    const { deployment } = this.input;
    const globals: Record<string, unknown> = {
      ...base(this.input),
      services,
      options: this.#options.get('') ?? {},
      endpoint: (id: unknown) => this.#endpoint(String(id)),
      secret: (name: unknown) => this.#secret(String(name)),
      former: (name: unknown) => this.#former(String(name)),
      nodes: (role: unknown) => deployment.nodes.filter((node) => node.roles.includes(String(role))),
      balanced: () => this.fronts,
      having: (trait: unknown) => this.#having(String(trait)),
      instances: (id: unknown) => this.#instances(String(id)),
      output: (id: unknown, key: unknown) => token('output', `${id}:${key}`),
    };
    return new Jinja({
      templates: this.input.catalog.templates,
      globals: { ...this.#kollaVariables(globals), ...globals },
    });
  }

  /** The endpoint that a template names. KLG-202 where no service that is on offers it. */
  endpoint(id: string): Endpoint {
    const endpoint = this.endpoints.get(id);
    if (endpoint) return endpoint;
    throw new KollageError({
      code: 'KLG-202',
      message: `no service that is on offers the endpoint ${id}${suggestion(id, this.endpoints.keys())}`,
    });
  }

  #having(trait: string): readonly Values[] {
    if (this.input.catalog.traits.has(trait)) return this.traits.get(trait) ?? [];
    const meant = suggestion(trait, this.input.catalog.traits.keys());
    throw new KollageError({ code: 'KLG-105', message: `there is no trait ${trait}${meant}` });
  }

  /** The hosts of a component's instances; none where they have no names. KLG-105 where the catalog has no such component. */
  #instances(id: string): readonly string[] {
    const all = [...this.input.catalog.services].flatMap(([name, { value }]) =>
      Object.keys(value.components).map((one) => `${name}/${one}`),
    );
    if (all.includes(id)) return this.instances.get(id) ?? [];
    throw new KollageError({ code: 'KLG-105', message: `there is no component ${id}${suggestion(id, all)}` });
  }

  #endpoint(id: string): Values {
    const { host, port, url, scheme, path } = this.endpoint(id);
    return {
      host,
      port,
      url,
      scheme,
      path,
      public_url: publicUrl(this.input, { scheme, host, port, path }),
    };
  }

  #secret(name: string): string {
    if (!this.input.deployment.secrets.has(name) && !this.#missing.has(name)) {
      this.#missing.add(name);
      this.findings.push({ code: 'KLG-120', severity: 'error', message: `the secret ${name} is missing` });
    }
    return token('secret', name);
  }

  #former(name: string): string {
    this.#secret(name);
    return formerToken(name);
  }

  /** For kolla-ansible's overrides: keys of globals.yml, aliases of options, names of secrets, all as plain variables. */
  #kollaVariables(globals: Values): Values {
    const { deployment, catalog } = this.input;
    const variables: Record<string, unknown> = { inventory_hostname: token('node', 'name') };
    for (const name of deployment.secrets.keys())
      if (identifier.test(name)) variables[name] = token('secret', name);
    const on = new Set(deployment.services);
    for (const name of catalog.services.keys()) {
      variables[catalog.file.value.globals.enable.replace('{service}', name.replaceAll('-', '_'))] =
        on.has(name);
    }
    for (const [key, means] of Object.entries(catalog.file.value.globals.keys)) {
      if (means === 'address' || means === 'externalAddress' || means === 'interface')
        variables[key] = deployment[means] ?? '';
    }
    for (const [owner, options] of allOptions(catalog)) {
      for (const [name, option] of Object.entries(options)) {
        for (const alias of option.globals) variables[alias] = this.#options.get(owner)?.[name];
      }
    }
    // A key of globals.yml may use the ones before it, as in kolla-ansible. It is given those that it names: of thousands, all would cost too much.
    using jinja = new Jinja({ templates: new Map(), globals });
    const named = (text: string) =>
      Object.fromEntries(
        [...new Set(text.match(/[A-Za-z_]\w*/g))]
          .filter((word) => Object.hasOwn(variables, word) && !Object.hasOwn(globals, word))
          .map((word) => [word, variables[word]]),
      );
    for (const [key, { value, place }] of deployment.globals) {
      if (!identifier.test(key) || Object.hasOwn(variables, key)) continue;
      variables[key] =
        typeof value === 'string' && value.includes('{') ? jinja.value(value, place, named(value)) : value;
    }
    return variables;
  }
}

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What holds for the deployment as a whole and needs no template to be known. */
function base({ deployment, catalog, engine }: CompileInput): Record<string, unknown> {
  return {
    deployment: { name: deployment.name, engine: engine.name, nodes: deployment.nodes.length },
    release: deployment.release,
    facts: catalog.file.value.releases[deployment.release]?.facts ?? {},
    address: deployment.address,
    external_address: deployment.externalAddress,
    node: { name: token('node', 'name'), address: nodeAddress(deployment, engine) },
  };
}

/** The address of the node that a text lands on: known here where instances are put on the one node that there is, else filled in there. */
export function nodeAddress(deployment: Deployment, { applies }: Pick<EngineTraits, 'applies'>): string {
  if (deployment.interface !== null) return token('node', `address:${deployment.interface}`);
  return deployment.nodes.length > 1 || applies === 'workloads'
    ? token('node', 'address')
    : deployment.address;
}

/** Where users reach an endpoint: under the external address; where a cluster has names for it and nothing else is said, under those. */
export function publicUrl(
  { deployment: { address, externalAddress }, engine }: Pick<CompileInput, 'deployment' | 'engine'>,
  { scheme, host, port, path }: Pick<Endpoint, 'scheme' | 'host' | 'port' | 'path'>,
): string {
  const isNamed = engine.endpointHost !== null && externalAddress === address;
  return `${scheme}://${hostPart(isNamed ? host : externalAddress)}:${port}${path}`;
}

/** An IPv6 address in brackets, as URLs want it. */
export function hostPart(host: string): string {
  return host.includes(':') && !host.startsWith('@{') && !host.startsWith('[') ? `[${host}]` : host;
}

type Options = Readonly<Record<string, Option>>;

/** The options of the catalog (owner '') and of each service, its traits' included. */
function* allOptions(catalog: Catalog): Generator<[string, Options, PlaceOf]> {
  yield ['', catalog.file.value.options, catalog.file.at];
  for (const [name, { value, at }] of catalog.services) {
    const traits = Object.keys(value.traits).map((trait) => catalog.traits.get(trait)?.value.options ?? {});
    yield [name, Object.assign({}, ...traits, value.options), at];
  }
}

/**
 * Every option's value: what was set, else its default. A default may be a template, which sees the catalog's options
 * and, in a service, the service's options that are written before it.
 */
function resolveOptions(input: CompileInput): ReadonlyMap<string, Values> {
  const { deployment, catalog } = input;
  const resolved = new Map<string, Values>();
  using jinja = new Jinja({ templates: new Map(), globals: base(input) });
  for (const [owner, options, at] of allOptions(catalog)) {
    const values: Record<string, unknown> = { ...resolved.get('') };
    for (const [name, option] of Object.entries(options)) {
      const set = deployment.options.get(owner === '' ? name : `${owner}.${name}`);
      const text = typeof option.default === 'string' && option.default.includes('{');
      values[name] = set
        ? set.value
        : text
          ? jinja.value(String(option.default), at(['options', name, 'default']), { options: values })
          : option.default;
    }
    resolved.set(owner, values);
  }
  return resolved;
}
