import { KollageError } from '../../model/error.ts';
import { suggestion } from '../../model/nearest.ts';
import type { Desired, Task } from '../../model/resource.ts';

/**
 * The proofs of the services or tasks named (`nova`, `nova/verify`), all when none is named. KLG-105 for a name that none has, and where there
 * is none at all; KLG-507 for a service of which nothing runs.
 */
export function choose(
  proofs: readonly Task[],
  names: readonly string[],
  running: Pick<Desired, 'resources'>,
): readonly Task[] {
  const belongs = ({ id }: Task, name: string) => id === name || id.startsWith(`${name}/`);
  for (const name of names) {
    if (proofs.some((proof) => belongs(proof, name))) continue;
    const known = proofs.flatMap(({ id, service }) => [service, id]);
    throw new KollageError({
      code: 'KLG-105',
      message: `nothing that is on brings a proof named ${name}${suggestion(name, known)}`,
    });
  }
  const chosen = proofs.filter((proof) => names.length === 0 || names.some((name) => belongs(proof, name)));
  if (chosen.length === 0)
    throw new KollageError({ code: 'KLG-105', message: 'no service that is on brings a proof' });
  const up = new Set(running.resources.flatMap((r) => (r.kind === 'workload' ? [r.service] : [])));
  const down = chosen.find(({ service }) => !up.has(service));
  if (down)
    throw new KollageError({ code: 'KLG-507', message: `${down.service} was not brought up on this host` });
  return chosen;
}
