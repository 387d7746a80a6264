import type { EngineTraits } from '../model/loaded.ts';
import type { Component } from '../model/service.ts';
import type { Context } from './context.ts';
import type { Definition, Part } from './definition.ts';
import { hostOf } from './instance-host.ts';
import { processScope } from './process.ts';
import type { Scope } from './scope.ts';
import { replicasOf } from './spread.ts';

/** Whether each instance of a component has a volume of its own, and so is somebody to the others. */
export function keepsOwn(definition: Definition, { mounts }: Component): boolean {
  return mounts.some(({ volume }) => definition.volumes.get(volume ?? '')?.value.each === 'instance');
}

/** A definition as it is on an engine: where instances have names of their own, components are what they are as members of a cluster. */
export function asMembers({ instances }: EngineTraits, definition: Definition): Definition {
  if (!instances) return definition;
  const laid = ([name, part]: [string, Part<Component>]): [string, Part<Component>] => {
    const { value } = part;
    if (!value.members || !keepsOwn(definition, value)) return [name, part];
    const { command = value.command, health = value.health } = value.members;
    return [name, { ...part, value: { ...value, command, health } }];
  };
  return { ...definition, components: new Map([...definition.components].map(laid)) };
}

/**
 * By `service/component`, the hosts of the instances of each component that have volumes of their own, the first one first; at least one, also where
 * none is to run. Empty where the engine gives instances no names.
 */
export function instanceHosts(
  context: Context,
  definitions: readonly Definition[],
  outer: (definition: Definition) => Scope,
): ReadonlyMap<string, readonly string[]> {
  const { instances } = context.input.engine;
  if (!instances) return new Map();
  return new Map(
    definitions.flatMap((definition) =>
      [...definition.components]
        .filter(([, { value }]) => keepsOwn(definition, value) && !('each' in value.scale))
        .map(([name, part]: [string, Part<Component>]) => {
          const scope = processScope(context, definition, part, name, outer(definition));
          const count = Math.max(1, replicasOf(context, definition, name, part, scope));
          const host = (number: number) => hostOf(context, definition.name, name, instances, String(number));
          return [`${definition.name}/${name}`, Array.from({ length: count }, (_, at) => host(at))] as const;
        }),
    ),
  );
}
