import type {
  Balances,
  ConfigBundle,
  Endpoint,
  Health,
  Placement,
  Port,
  Workload,
} from '../model/resource.ts';
import type { Component, OnChange } from '../model/service.ts';
import { tokensIn } from '../model/token.ts';
import { portsOf } from './balancer.ts';
import type { BundleFor, Overrides } from './bundle.ts';
import type { Context } from './context.ts';
import type { Definition, Part } from './definition.ts';
import type { Known } from './needs.ts';
import { type Draft, draftProcess, fingerprinted, processScope } from './process.ts';
import { readyChecks } from './ready.ts';
import type { Scope } from './scope.ts';
import { type Nodes, type Spread, spreadOf, stripped } from './spread.ts';

export interface Compiling extends Nodes {
  readonly context: Context;
  readonly known: Known;
  readonly overrides: Overrides;
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
  const { context } = compiling;
  const scope = processScope(context, definition, part, name, outer);
  if (!scope.when(part.value.when)) return [];
  const spread = spreadOf(context, compiling, definition, name, part, scope);
  const { placement, scale } = spread;
  const each = 'each' in scale;
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
    apart.length === 0
      ? placement
      : { ...placement, nodes: placement.nodes.filter((node) => !apart.includes(node)) };
  const common = { id, definition, name, value: part.value, scope, spread };
  const shared =
    rest.nodes.length > 0 || apart.length === 0
      ? workload(compiling, { ...common, host: null, placement: rest })
      : [];
  const single = apart.flatMap((host) =>
    workload(compiling, {
      ...common,
      id: each && placement.nodes.length > 1 ? `${id}@${host}` : id,
      host,
      placement: { ...placement, nodes: [host] },
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

interface Making {
  readonly id: string;
  readonly definition: Definition;
  readonly name: string;
  readonly value: Component;
  readonly scope: Scope;
  readonly host: string | null;
  readonly placement: Placement;
  readonly spread: Spread;
}

function workload(compiling: Compiling, making: Making): (Workload | ConfigBundle)[] {
  const { context, known, overrides } = compiling;
  const { id, definition, name, value, scope, host, placement, spread } = making;
  const settings = context.input.deployment.components.get(`${definition.name}/${name}`);
  const target: BundleFor = { definition, component: name, host };
  const configured: Component = {
    ...value,
    ...(settings?.image === undefined ? {} : { image: settings.image }),
    resources: { ...value.resources, ...stripped(settings?.resources ?? {}) },
  };
  const { draft, bundle } = draftProcess(context, known, overrides, id, target, placement, configured, scope);
  const own = [...context.endpoints.values()]
    .filter((endpoint) => endpoint.workload === `${definition.name}/${name}`)
    .map((endpoint) => ({ endpoint, ports: portsOf(context, endpoint, spread, scope) }));
  const ports = own.flatMap((offered) => offered.ports);
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
  // Two slots tell where all are. That there are more of them concerns no instance, nor what a balancer takes in front for others.
  const counted = ports.filter(({ slot = 1 }) => slot <= 2);
  const spec = { start, command, env, user, mounts, privileges, ports: counted };
  const made: Workload = {
    kind: 'workload',
    id,
    service: definition.name,
    component: name,
    ...draft,
    ports: [...ports, ...frontPorts(context, value)],
    health: ownHealth(known.health.get(`${definition.name}/${name}`) ?? null, own),
    ready: readyChecks(context, value.ready, definition.name, scope),
    scale: spread.scale,
    update: spread.update,
    stop,
    reload,
    cleanup: value.cleanup === undefined ? null : scope.words(value.cleanup, 'cleanup'),
    outputs: value.outputs,
    ...follows(draft, bundle),
    ...(value.balances === undefined ? {} : { balances: commands(value.balances, scope) }),
    ...fingerprinted(draft, bundle, spec, context.input.deployment.secrets),
  };
  return bundle ? [made, bundle] : [made];
}

/** What the balancer listens on for those behind it. */
function frontPorts({ fronts }: Context, { balances }: Component): Port[] {
  if (!balances) return [];
  return fronts.map(({ id, port, protocol, exposure }) => ({ endpoint: id, port, protocol, exposure }));
}

/** An instance is asked itself and not through the balancer: the check is aimed at the first slot (src/model/slots.ts aims it at others). */
function ownHealth(
  health: Health | null,
  own: readonly { readonly endpoint: Endpoint; readonly ports: readonly Port[] }[],
): Health | null {
  if (!health || !('port' in health.probe)) return health;
  const { probe } = health;
  const [first] = own.find(({ endpoint }) => endpoint.port === probe.port)?.ports ?? [];
  return first ? { ...health, probe: { ...probe, port: first.port } } : health;
}

function commands(balances: NonNullable<Component['balances']>, scope: Scope): Balances {
  return {
    join: scope.words(balances.join, 'balances', 'join'),
    leave: scope.words(balances.leave, 'balances', 'leave'),
    ...(balances.follow && { follow: scope.words(balances.follow, 'balances', 'follow') }),
  };
}

/** Which outputs of others its files and variables hold, and the most that another value does. */
function follows({ env }: Draft, bundle: ConfigBundle | null): Pick<Workload, 'follows'> {
  const found: Record<string, OnChange> = {};
  const add = (text: string, onChange: OnChange) => {
    for (const { kind, name } of tokensIn(text)) {
      const known = kind === 'output' ? (found[name] ?? 'nothing') : undefined;
      if (known !== undefined)
        found[name] = hardest.indexOf(known) > hardest.indexOf(onChange) ? known : onChange;
    }
  };
  for (const { content, onChange } of bundle?.files ?? []) add(content, onChange);
  for (const text of Object.values(env)) add(text, 'replace');
  return Object.keys(found).length > 0 ? { follows: found } : {};
}

const hardest: readonly OnChange[] = ['nothing', 'reload', 'restart', 'replace'];
