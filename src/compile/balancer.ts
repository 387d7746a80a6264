import type { Endpoint, Health, Port } from '../model/resource.ts';
import type { Component } from '../model/service.ts';
import { token } from '../model/token.ts';
import { type Context, nodeAddress } from './context.ts';
import type { Definition, Part } from './definition.ts';
import type { Balancer, Front } from './front.ts';
import { processScope } from './process.ts';
import type { Scope } from './scope.ts';
import { type Nodes, type Spread, spreadOf } from './spread.ts';

/**
 * The component that is the balancer; null without one, and where each instance has an address of its own (a cluster's network balances by
 * itself). KLG-209 for a second one.
 */
export function findBalancer(
  context: Context,
  definitions: readonly Definition[],
  outer: (definition: Definition) => Scope,
): Balancer | null {
  if (context.input.engine.network === 'cluster') return null;
  const found = definitions.flatMap((definition) =>
    [...definition.components].flatMap(([name, part]): [Balancer, Scope][] => {
      const scope = processScope(context, definition, part, name, outer(definition));
      const { balances } = part.value;
      if (!balances || !scope.when(part.value.when)) return [];
      const offset = scope.number(balances.offset, 'balances', 'offset');
      const step = scope.number(balances.step, 'balances', 'step');
      return [[{ id: `${definition.name}/${name}`, offset, step }, scope]];
    }),
  );
  const [first, second] = found;
  if (first && second)
    throw second[1].mistake(`${first[0].id} is the balancer already: there can be one only`, 'balances');
  return first?.[0] ?? null;
}

/**
 * The ports that instances of a component listen on at one of its endpoints: the endpoint's own, or behind the balancer one for each
 * instance, and one more where the new comes up beside the old. KLG-209 where there are not so many ports.
 */
export function portsOf(context: Context, endpoint: Endpoint, spread: Spread, scope: Scope): Port[] {
  const { id, port, protocol, exposure } = endpoint;
  const { balancer } = context;
  if (!balancer || endpoint.balancer === undefined) return [{ endpoint: id, port, protocol, exposure }];
  return Array.from({ length: slotsOf(spread) }, (_, index): Port => {
    const own = port + balancer.offset + index * balancer.step;
    if (Number.isInteger(own) && own >= 1 && own <= 65535)
      return { endpoint: id, port: own, protocol, exposure, slot: index + 1 };
    throw scope.mistake(
      `instance ${index + 1} behind ${balancer.id} would listen on port ${own} for ${id}, which is no port (1 to 65535)`,
      'endpoints',
    );
  });
}

function slotsOf({ placement, scale, update }: Spread): number {
  const instances = 'each' in scale ? placement.nodes.length : scale.replicas;
  return Math.max(1, instances) + (update.strategy === 'blue-green' ? 1 : 0);
}

/** Every balanced endpoint with all that may answer it. */
export function frontsOf(
  context: Context,
  nodes: Nodes,
  definitions: readonly Definition[],
  health: ReadonlyMap<string, Health | null>,
  outer: (definition: Definition) => Scope,
): Front[] {
  if (!context.balancer) return [];
  const { deployment, engine } = context.input;
  const isRegistered = engine.can.includes('registry');
  const byWorkload = Map.groupBy(
    [...context.endpoints.values()].filter(({ balancer }) => balancer !== undefined),
    ({ workload }) => workload,
  );
  return definitions.flatMap((definition) =>
    [...definition.components].flatMap(([name, part]: [string, Part<Component>]) => {
      const workload = `${definition.name}/${name}`;
      const endpoints = byWorkload.get(workload) ?? [];
      if (endpoints.length === 0) return [];
      const scope = processScope(context, definition, part, name, outer(definition));
      const spread = spreadOf(context, nodes, definition, name, part, scope);
      return endpoints.map((endpoint): Front => {
        const { id, host, port, scheme, protocol, exposure } = endpoint;
        return {
          id,
          host,
          bind: isRegistered ? nodeAddress(deployment, engine) : host,
          port,
          scheme,
          protocol,
          exposure,
          health: asks(health.get(workload), port),
          servers: isRegistered
            ? [eachRegistered(workload, id)]
            : portsOf(context, endpoint, spread, scope).map(({ port: own, slot = 1 }) => {
                const [node = ''] = spread.placement.nodes;
                return { name: `${node}-${slot}`, host: deployment.address, port: own, each: '' };
              }),
        };
      });
    }),
  );
}

function eachRegistered(workload: string, endpoint: string): Front['servers'][number] {
  const [name, host] = [token('one', 'name'), token('one', 'address')];
  return { name, host, port: token('one', `port:${endpoint}`), each: token('each', workload) };
}

function asks(health: Health | null | undefined, port: number): Front['health'] {
  if (!health || !('port' in health.probe) || health.probe.port !== port) return null;
  const { probe, interval, timeout } = health;
  return { ...probe, interval, timeout };
}
