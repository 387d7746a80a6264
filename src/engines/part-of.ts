import type { Desired, Process, Secret } from '../model/resource.ts';
import type { Provision } from './engine.ts';

/** The state that a process is part of, with what this process alone brings along: its bundle as it is filled, secrets that no other one has, its patience. */
export function partOf(process: Process, { desired, bundle, needsTimeout }: Provision): Desired {
  if (!desired) throw new Error('the engine was not told what the process is part of');
  const known = new Set(desired.resources.flatMap((one) => (one.kind === 'secret' ? [one.id] : [])));
  const others = process.secrets
    .filter((id) => !known.has(id))
    .map((id): Secret => ({ kind: 'secret', id, fingerprint: process.fingerprint }));
  const resources = [
    ...desired.resources.filter((one) => !(one.kind === 'config' && one.id === bundle?.id)),
    ...(bundle ? [bundle] : []),
    ...others,
  ];
  return { ...desired, timeouts: { ...desired.timeouts, needs: needsTimeout }, resources };
}
