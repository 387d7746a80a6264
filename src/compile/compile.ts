import { neededSecrets } from '../load/secrets-needed.ts';
import { type Finding, KollageError } from '../model/error.ts';
import { nearest } from '../model/nearest.ts';
import {
  type ConfigBundle,
  type Desired,
  type Health,
  isProof,
  keyOf,
  type Resource,
  type Secret,
  type Task,
} from '../model/resource.ts';
import { access } from './access.ts';
import { findBalancer, frontsOf } from './balancer.ts';
import { Overrides } from './bundle.ts';
import { checkEngine } from './check-engine.ts';
import { type CompileInput, Context, nodeAddress } from './context.ts';
import { type Definition, define } from './definition.ts';
import { componentEndpoints } from './endpoints.ts';
import { canonical, hash } from './fingerprint.ts';
import { asMembers, instanceHosts } from './instances.ts';
import { health } from './needs.ts';
import { Placements } from './placement.ts';
import { processScope } from './process.ts';
import { logins } from './ready.ts';
import { Scope } from './scope.ts';
import { tasks } from './task.ts';
import { tools } from './tools.ts';
import { volumes } from './volumes.ts';
import { type Compiling, workloads } from './workload.ts';

export interface Compiled {
  readonly desired: Desired;
  /**
   * Tasks of the phases verify and check and their files, sorted by key: what proves the platform by using it, and what says whether it may be
   * upgraded. No part of the desired state, so that another proof is no change of the platform.
   */
  readonly proofs: readonly (Task | ConfigBundle)[];
  readonly findings: readonly Finding[];
}

/**
 * Deployment and catalog become what an engine is asked to hold. Pure: the same input gives the same bytes.
 * Throws KollageError for a mistake in a definition or a template (KLG-2xx, KLG-105, KLG-123); what does not stop the
 * work, and secrets that are missing (KLG-120), come back as findings.
 */
export function compile(input: CompileInput): Compiled {
  const { deployment, catalog } = input;
  using context = new Context(input);
  const definitions = deployment.services.map((name) => asMembers(input.engine, define(catalog, name)));
  const outer = (definition: Definition) => serviceScope(context, definition);
  context.instances = instanceHosts(context, definitions, outer);
  context.balancer = findBalancer(context, definitions, outer);
  for (const definition of definitions) offer(context, definition);
  context.traits = traitsOf(definitions, outer);
  const compiling: Compiling = {
    context,
    known: whatIsKnown(context, definitions),
    overrides: new Overrides(deployment.overrides, uniqueFiles(definitions)),
    placements: new Placements(deployment, input.engine),
    roles: new Set([
      ...Object.keys(catalog.file.value.roles),
      ...deployment.nodes.flatMap((node) => node.roles),
    ]),
  };
  context.fronts = frontsOf(context, compiling, definitions, compiling.known.health, outer);
  const all = definitions.flatMap((definition) => {
    const scope = outer(definition);
    return [
      ...[...definition.components].flatMap(([name, part]) =>
        workloads(compiling, definition, name, part, scope),
      ),
      ...[...definition.tasks].flatMap(([name, part]) => tasks(compiling, definition, name, part, scope)),
    ];
  });
  const proving = new Set(all.flatMap((made) => (made.kind === 'task' && isProof(made) ? [made.id] : [])));
  const processes = all.filter(({ id }) => !proving.has(id));
  const handed = [
    ...definitions.flatMap((definition) => access(compiling, definition, outer(definition))),
    ...tools(
      compiling,
      definitions.map((definition) => ({ definition, scope: outer(definition) })),
    ),
  ];
  const resources: Resource[] = [
    ...processes,
    ...handed,
    ...context.endpoints.values(),
    ...volumes(definitions, processes, outer),
    ...secrets(input, [...processes, ...handed]),
  ];
  resources.sort(byKey);
  const state = {
    deployment: deployment.name,
    release: deployment.release,
    engine: input.engine.name,
    network: input.engine.network,
    nodes: deployment.nodes,
    timeouts: deployment.timeouts,
    ...(input.engine.can.includes('registry') && { registers: nodeAddress(deployment, input.engine) }),
    ...(input.engine.users === 'numbers' && { accounts: accounts(input, resources) }),
    resources,
    logins: logins(context, resources),
  };
  checkEngine(input.engine, state, deployment.at);
  return {
    desired: { ...state, fingerprint: hash(canonical(state)) },
    proofs: all
      .filter(isTaskOrFiles)
      .filter(({ id }) => proving.has(id))
      .sort(byKey),
    findings: [
      ...context.findings,
      ...unread(
        compiling,
        deployment.overrides.map((file) => file.path),
      ),
    ],
  };
}

/** The numbers of the users that processes run as, as far as the catalog knows them. */
function accounts({ catalog }: CompileInput, resources: readonly Resource[]): Record<string, number> {
  const users = new Set(resources.flatMap((one) => ('user' in one && one.user !== null ? [one.user] : [])));
  return Object.fromEntries(
    [...users].sort().flatMap((user) => {
      const number = catalog.accounts.get(user);
      return number === undefined ? [] : [[user, number] as const];
    }),
  );
}

function isTaskOrFiles(made: Resource): made is Task | ConfigBundle {
  return made.kind === 'task' || made.kind === 'config';
}

function byKey(a: Resource, b: Resource): number {
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

function serviceScope(context: Context, definition: Definition): Scope {
  return new Scope(context.jinja, definition.at, [], context.ofService(definition.name));
}

/** Makes the endpoints of a service known. KLG-209 where two of its components offer one of the same name. */
function offer(context: Context, definition: Definition): void {
  for (const [name, part] of definition.components) {
    for (const endpoint of componentEndpoints(context, definition, name, part)) {
      const other = context.endpoints.get(endpoint.id);
      if (other) {
        const short = endpoint.id.slice(definition.name.length + 1);
        throw new KollageError({
          code: 'KLG-209',
          message: `${other.workload} and ${endpoint.workload} both offer an endpoint named ${short}: names are unique in a service`,
          place: part.at([...part.path, 'endpoints', short]),
        });
      }
      context.endpoints.set(endpoint.id, endpoint);
    }
  }
}

/** The services that have each trait, sorted, with the parameters that they give; each sees what its service sees. */
function traitsOf(
  definitions: readonly Definition[],
  outer: (definition: Definition) => Scope,
): Context['traits'] {
  const all = definitions.flatMap((definition) =>
    [...definition.traits].map(([trait, given]) => ({ trait, given, definition })),
  );
  const sorted = all.toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
  const values = ({ trait, given, definition }: (typeof all)[number]) =>
    Object.fromEntries([
      ['service', definition.name],
      ...Object.entries(given).map(([name, value]) => [
        name,
        outer(definition).value(value, 'traits', trait, name),
      ]),
    ]);
  const grouped = Map.groupBy(sorted, ({ trait }) => trait);
  return new Map([...grouped].map(([trait, having]) => [trait, having.map(values)]));
}

/** Names of configuration files that no two services have. */
function uniqueFiles(definitions: readonly Definition[]): ReadonlySet<string> {
  const names = definitions.flatMap((definition) => [...definition.config.keys()]);
  const counts = Map.groupBy(names, (name) => name);
  return new Set(names.filter((name) => counts.get(name)?.length === 1));
}

/** Health of every component and names of every task that is on: what needs are resolved against. */
function whatIsKnown(context: Context, definitions: readonly Definition[]): Compiling['known'] {
  const healths = new Map<string, Health | null>();
  const names = new Set<string>();
  const volumeIds = new Set<string>();
  for (const definition of definitions) {
    const outer = serviceScope(context, definition);
    for (const [name, part] of definition.components) {
      const scope = processScope(context, definition, part, name, outer);
      if (!scope.when(part.value.when)) continue;
      const own = part.value.health;
      healths.set(
        `${definition.name}/${name}`,
        own ? health(context, own, definition.name, scope.within(['health'])) : null,
      );
    }
    for (const [name, part] of definition.volumes) {
      if (outer.ofPart(part).when(part.value.when)) volumeIds.add(`${definition.name}/${name}`);
    }
    for (const [name, part] of definition.tasks) {
      // A proof runs when someone asks for it: nothing can wait for it.
      if (isProof(part.value)) continue;
      if (processScope(context, definition, part, '', outer).when(part.value.when))
        names.add(`${definition.name}/${name}`);
    }
  }
  return { health: healths, tasks: names, volumes: volumeIds };
}

function secrets({ deployment, catalog }: CompileInput, resources: readonly Resource[]): Secret[] {
  const specs = neededSecrets(catalog, deployment.services);
  const used = new Set(resources.flatMap((resource) => ('secrets' in resource ? resource.secrets : [])));
  return [...used].sort().map((id) => {
    const noticed = specs.get(id)?.noticed;
    const fingerprint = deployment.secrets.get(id) ?? 'missing';
    return { kind: 'secret', id, fingerprint, ...(noticed !== undefined && { noticed }) };
  });
}

/** Overrides that nothing read: a silent mistake in kolla-ansible, said here. */
function unread({ context, overrides }: Compiling, paths: readonly string[]): Finding[] {
  const { deployment } = context.input;
  return paths
    .filter((path) => !overrides.read.has(path))
    .map((path) => {
      const meant = nearest(path, overrides.possible);
      const file = deployment.overrides.find((override) => override.path === path)?.file ?? path;
      return {
        code: 'KLG-110',
        severity: 'warning',
        message: `no component reads config/${path}${meant === undefined ? '' : `; did you mean config/${meant}?`}`,
        place: { file, line: 1, column: 1 },
      };
    });
}
