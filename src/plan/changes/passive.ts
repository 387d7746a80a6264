import type { Change, Reason } from '../../model/plan.ts';
import type { Access, ConfigBundle, Endpoint, Secret, Tool, Volume } from '../../model/resource.ts';
import { fieldReasons } from '../reasons/fields.ts';
import type { FileDifferences } from '../reasons/files.ts';
import { change } from './change.ts';

/** What runs nothing itself. */
export type Passive = ConfigBundle | Secret | Volume | Endpoint | Tool | Access;

/**
 * What becomes of a bundle, a secret, a volume, an endpoint or what an operator is handed; null when nothing. No container notices it: what a
 * new file or secret does to the process that reads it is that workload's own change. The deletion of a volume
 * stands in the plan, so that a person sees it, together with KLG-407; whoever carries a plan out keeps the volume
 * until the loss is confirmed by its name.
 */
export function passiveChange(
  before: Passive | undefined,
  after: Passive | undefined,
  files: FileDifferences,
): Change | null {
  if (!after)
    return before ? change(before, 'delete', { reasons: [{ what: 'gone', where: before.id }] }) : null;
  if (!before)
    return change(after, 'create', { reasons: [{ what: 'new', where: after.id, ...worth(after) }] });
  const reasons = differences(before, after, files);
  if (reasons.length === 0) return null;
  const noticed = after.kind === 'secret' ? after.noticed : undefined;
  const disturbs = noticed === undefined ? [] : [`the secret ${after.id} is made anew: ${noticed}`];
  return change(after, 'update', { mode: 'in-place', reasons, disturbs });
}

function worth(resource: Passive): Pick<Reason, 'after'> {
  switch (resource.kind) {
    case 'config':
      return { after: resource.files.map((file) => file.name).join(', ') };
    case 'endpoint':
      return { after: resource.url };
    case 'volume':
      return resource.size === null ? {} : { after: resource.size };
    case 'tool':
      return { after: resource.image };
    case 'secret':
    case 'access':
      return {};
  }
}

function differences(before: Passive, after: Passive, files: FileDifferences): readonly Reason[] {
  if (after.kind === 'secret' && before.kind === 'secret') {
    return before.fingerprint === after.fingerprint ? [] : [{ what: 'secret', where: after.id }];
  }
  if (after.kind === 'config') return [...files.of(after.id).values()].flatMap((file) => file.reasons);
  return fieldReasons(before, after, (field) => field !== 'kind' && field !== 'id');
}
