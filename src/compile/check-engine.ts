import type { PlaceOf } from '../model/catalog.ts';
import { KollageError, type Place } from '../model/error.ts';
import type { EngineTraits } from '../model/loaded.ts';
import type { Desired, Privileges, Task, Workload } from '../model/resource.ts';

type Ability = EngineTraits['can'][number];

/** Refuses early what an engine cannot hold (KLG-210), naming the first process that asks for it. `at` is the place of keys of kollage.yaml. */
export function checkEngine(engine: EngineTraits, state: Omit<Desired, 'fingerprint'>, at: PlaceOf): void {
  const lacks = (ability: Ability) => !engine.can.includes(ability);
  if (state.nodes.length > 1 && lacks('multinode'))
    throw refusal(engine, `${state.nodes.length} nodes`, 'the deployment', at(['nodes']));
  const apart = new Set(
    state.resources.flatMap((one) => (one.kind === 'volume' && one.each === 'instance' ? [one.id] : [])),
  );
  for (const resource of state.resources) {
    if (resource.kind !== 'workload' && resource.kind !== 'task') continue;
    const wanted = abilities(resource, apart).find(lacks);
    if (wanted !== undefined) throw refusal(engine, texts[wanted] ?? wanted, resource.id, at(['engine']));
  }
}

const texts: Partial<Record<Ability, string>> = {
  instanceVolumes: 'several instances, each with a volume of its own',
};

function abilities(process: Workload | Task, apart: ReadonlySet<string>): Ability[] {
  const shares: (keyof Privileges & Ability)[] = ['hostNetwork', 'hostPid', 'hostIpc', 'hostCgroup'];
  return [
    ...shares.filter((share) => process.privileges[share]),
    ...(process.privileges.devices.length > 0 ? (['devices'] as const) : []),
    ...(process.mounts.some((mount) => mount.shared) ? (['sharedMounts'] as const) : []),
    ...(process.mounts.some((mount) => mount.type === 'tmpfs') ? (['tmpfs'] as const) : []),
    ...(isSeveral(process) && process.mounts.some(({ source }) => apart.has(source))
      ? (['instanceVolumes'] as const)
      : []),
  ];
}

function isSeveral(process: Workload | Task): boolean {
  return process.kind === 'workload' && 'replicas' in process.scale && process.scale.replicas > 1;
}

function refusal(engine: EngineTraits, wanted: string, who: string, place: Place): KollageError {
  return new KollageError({
    code: 'KLG-210',
    message: `${who} needs ${wanted}, which the engine ${engine.name} does not have`,
    place,
  });
}
