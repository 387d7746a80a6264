import type { PlaceOf } from '../model/catalog.ts';
import { KollageError, type Place } from '../model/error.ts';
import type { EngineTraits } from '../model/loaded.ts';
import type { Desired, Privileges, Process } from '../model/resource.ts';

type Ability = EngineTraits['can'][number];

/** Refuses early what an engine cannot hold (KLG-210), naming the first process that asks for it. `at` is the place of keys of kollage.yaml. */
export function checkEngine(engine: EngineTraits, state: Omit<Desired, 'fingerprint'>, at: PlaceOf): void {
  const lacks = (ability: Ability) => !engine.can.includes(ability);
  if (state.nodes.length > 1 && lacks('multinode'))
    throw refusal(engine, `${state.nodes.length} nodes`, 'the deployment', at(['nodes']));
  for (const resource of state.resources) {
    if (resource.kind !== 'workload' && resource.kind !== 'task') continue;
    const wanted = abilities(resource).find(lacks);
    if (wanted !== undefined) throw refusal(engine, wanted, resource.id, at(['engine']));
  }
}

function abilities(process: Process): Ability[] {
  const shares: (keyof Privileges & Ability)[] = ['hostNetwork', 'hostPid', 'hostIpc', 'hostCgroup'];
  return [
    ...shares.filter((share) => process.privileges[share]),
    ...(process.privileges.devices.length > 0 ? (['devices'] as const) : []),
    ...(process.mounts.some((mount) => mount.shared) ? (['sharedMounts'] as const) : []),
    ...(process.mounts.some((mount) => mount.type === 'tmpfs') ? (['tmpfs'] as const) : []),
  ];
}

function refusal(engine: EngineTraits, wanted: string, who: string, place: Place): KollageError {
  return new KollageError({
    code: 'KLG-210',
    message: `${who} needs ${wanted}, which the engine ${engine.name} does not have`,
    place,
  });
}
