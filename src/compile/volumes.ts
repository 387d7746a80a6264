import type { Resource, Volume, Workload } from '../model/resource.ts';
import type { Definition } from './definition.ts';
import type { Scope } from './scope.ts';

/** The volumes that some process mounts. */
export function volumes(
  definitions: readonly Definition[],
  resources: readonly Resource[],
  outer: (definition: Definition) => Scope,
): Volume[] {
  const used = new Set(
    resources.flatMap((resource) =>
      'mounts' in resource ? resource.mounts.map((mount) => mount.source) : [],
    ),
  );
  return definitions.flatMap((definition) => {
    return [...definition.volumes].flatMap(([name, part]): Volume[] => {
      const id = `${definition.name}/${name}`;
      if (!used.has(id)) return [];
      const scope = outer(definition).ofPart(part);
      if (part.value.each === 'instance') checkOwner(id, resources, scope);
      return [
        {
          kind: 'volume',
          id,
          each: part.value.each,
          size: scope.optionalText(part.value.size, 'size'),
        },
      ];
    });
  });
}

/** KLG-209 where a volume that each instance is to have for itself is not that of one component, with a number of instances. */
function checkOwner(id: string, resources: readonly Resource[], scope: Scope): void {
  const owners = resources.filter(
    (one): one is Workload => one.kind === 'workload' && one.mounts.some(({ source }) => source === id),
  );
  const [owner, ...others] = owners;
  if (owner && others.length === 0 && 'replicas' in owner.scale) return;
  throw scope.mistake(
    `${id} is a volume for each instance, so one component mounts it that has a number of them, not ${owners.map((one) => one.id).join(' and ') || 'none'}`,
    'each',
  );
}
