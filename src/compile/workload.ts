import type { ConfigBundle, Placement, Port, Scale, Workload } from '../model/resource.ts';
import type { Component } from '../model/service.ts';
import type { BundleFor, Overrides } from './bundle.ts';
import type { Context } from './context.ts';
import type { Definition, Part } from './definition.ts';
import type { Known } from './needs.ts';
import { checkRole, type Placements } from './placement.ts';
import { draftProcess, fingerprinted, processScope } from './process.ts';
import { readyChecks } from './ready.ts';
import type { Scope } from './scope.ts';

export interface Compiling {
  readonly context: Context;
  readonly known: Known;
  readonly overrides: Overrides;
  readonly placements: Placements;
  readonly roles: ReadonlySet<string>;
}

/**
 * A component as workloads: one, and one more for each node whose own overrides (config/<service>/<node>/…) make it another there.
 */
export function workloads(
  compiling: Compiling,
  definition: Definition,
  name: string,
  part: Part<Component>,
  outer: Scope,
): (Workload | ConfigBundle)[] {
  const { context, placements } = compiling;
  const scope = processScope(context, definition, part, name, outer);
  if (!scope.when(part.value.when)) return [];
  const settings = context.input.deployment.components.get(`${definition.name}/${name}`);
  const role =
    settings?.role ?? scope.text(part.value.role ?? definition.service.role ?? 'controller', 'role');
  checkRole(role, compiling.roles, scope.place('role'));
  const placement = placements.of(role);
  const each = 'each' in part.value.scale;
  const scale: Scale =
    'each' in part.value.scale
      ? { each: 'node' }
      : { replicas: settings?.replicas ?? replicas(scope, part.value.scale.replicas) };
  const id = `${definition.name}/${name}`;
  const apart = hostsApart(
    compiling,
    { definition, component: name, host: null },
    part.value,
    placement,
    each,
    id,
  );
  const rest =
    apart.length === 0 ? placement : { role, nodes: placement.nodes.filter((node) => !apart.includes(node)) };
  const common = { id, definition, name, value: part.value, scope };
  const shared =
    rest.nodes.length > 0 || apart.length === 0
      ? workload(compiling, { ...common, host: null, placement: rest, scale })
      : [];
  const single = apart.flatMap((host) =>
    workload(compiling, {
      ...common,
      id: each && placement.nodes.length > 1 ? `${id}@${host}` : id,
      host,
      placement: { role, nodes: [host] },
      scale,
    }),
  );
  return [...shared, ...single];
}

/** The nodes on which the component gets files of its own. Where an engine chooses the node, a node's overrides cannot hold. */
function hostsApart(
  { context, overrides }: Compiling,
  target: BundleFor,
  value: Component,
  placement: Placement,
  each: boolean,
  id: string,
): string[] {
  const files = value.config.map((name) => ({
    name,
    main: target.definition.config.get(name)?.value.main ?? false,
  }));
  const hosts = overrides.hosts(target, files, placement.nodes);
  if (each || placement.nodes.length === 1 || hosts.length === 0) return hosts;
  context.findings.push({
    code: 'KLG-110',
    severity: 'warning',
    message: `config/${target.definition.name}/${hosts[0]}/ is for one node, but ${id} runs on any node of the role ${placement.role}: its files there are not read`,
  });
  return [];
}

/** No component has more instances than this; every one of them is written out in a plan. */
const maxReplicas = 10_000;

function replicas(scope: Scope, template: number | string): number {
  const number = scope.number(template, 'scale', 'replicas');
  if (Number.isInteger(number) && number >= 0 && number <= maxReplicas) return number;
  throw scope.mistake(`${number} is not a number of replicas (0 to ${maxReplicas})`, 'scale', 'replicas');
}

interface Making {
  readonly id: string;
  readonly definition: Definition;
  readonly name: string;
  readonly value: Component;
  readonly scope: Scope;
  readonly host: string | null;
  readonly placement: Placement;
  readonly scale: Scale;
}

function workload(compiling: Compiling, making: Making): (Workload | ConfigBundle)[] {
  const { context, known, overrides } = compiling;
  const { id, definition, name, value, scope, host, placement, scale } = making;
  const settings = context.input.deployment.components.get(`${definition.name}/${name}`);
  const target: BundleFor = { definition, component: name, host };
  const configured: Component = {
    ...value,
    ...(settings?.image === undefined ? {} : { image: settings.image }),
    resources: { ...value.resources, ...stripped(settings?.resources ?? {}) },
  };
  const { draft, bundle } = draftProcess(context, known, overrides, id, target, placement, configured, scope);
  const ports = portsOf(context, `${definition.name}/${name}`);
  const stop = {
    signal: value.stop.signal ?? null,
    command: value.stop.command === undefined ? null : scope.words(value.stop.command, 'stop', 'command'),
    grace: value.stop.grace,
  };
  const reload =
    value.reload === undefined
      ? null
      : {
          signal: value.reload.signal ?? null,
          command:
            value.reload.command === undefined
              ? null
              : scope.words(value.reload.command, 'reload', 'command'),
        };
  // Health, ready checks, needs, stop, scale, placement and resources can change on a running container: they decide nothing about the process itself.
  const { start, command, env, user, mounts, privileges } = draft;
  const spec = { start, command, env, user, mounts, privileges, ports };
  const made: Workload = {
    kind: 'workload',
    id,
    service: definition.name,
    component: name,
    ...draft,
    ports,
    health: known.health.get(`${definition.name}/${name}`) ?? null,
    ready: readyChecks(context, value.ready, definition.name, scope),
    scale,
    update: { ...value.update, ...stripped(settings?.update ?? {}) },
    stop,
    reload,
    cleanup: value.cleanup === undefined ? null : scope.words(value.cleanup, 'cleanup'),
    outputs: value.outputs,
    ...fingerprinted(draft, bundle, spec, context.input.deployment.secrets),
  };
  return bundle ? [made, bundle] : [made];
}

function portsOf(context: Context, workload: string): Port[] {
  return [...context.endpoints.values()]
    .filter((endpoint) => endpoint.workload === workload)
    .map(({ id, port, protocol, exposure }) => ({ endpoint: id, port, protocol, exposure }));
}

/** An object without the keys that are undefined, so that it can be laid over another. */
function stripped<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
