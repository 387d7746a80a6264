import { converge } from '../execute/converge.ts';
import { pinned } from '../execute/pinned.ts';
import { type Switch, switchesOf, usersOf } from '../execute/switch.ts';
import { KollageError, throwFirst } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';
import { whoami } from '../state/who.ts';
import { findBackup, stranger } from './backup.ts';
import { type Backup, isWhole, type Listed, stamp } from './backups/backup.ts';
import { folderOf, only } from './backups/keeper.ts';
import { type Opened, opened } from './backups/open.ts';
import { runJob } from './backups/run.ts';

export interface RestoreRequest {
  readonly folder: string;
  readonly service: string;
  /** A backup's id, or `latest`. */
  readonly backup: string;
  readonly why?: string | undefined;
  /** Asked before anything is done; throws where it shall not be done. */
  readonly agreed: (backup: Backup, stops: readonly string[]) => Promise<void>;
  /** Called before the processes of which events will tell: what makes the data ready, then those that come up again. */
  readonly follows: (desired: Pick<Desired, 'resources'>, what: 'stage' | 'change') => void;
  readonly emit: (event: KollageEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Puts a backup in the place of a service's data, whole or not at all; gives the number of the revision. The data is made ready while all goes on serving.
 * Then who uses it stops, it is switched, and all comes up again; what was there is kept until all is healthy, and is put back where that
 * does not come about. An interrupted one goes on with the same command, or `up`. KLG-551 for a backup that is not fit, KLG-553 where another change is
 * unfinished, else what `up` throws.
 */
export async function restore(request: RestoreRequest): Promise<number | null> {
  const { folder, service, emit, signal } = request;
  return opened(folder, 'work', async (there) => {
    const { engine, last, secret } = there;
    const { found, store } = await findBackup(there, [service], request.backup);
    const backup = fitting(found, service, last.desired);
    const open = await openSwitch(there, backup.id);
    const wanted = open ?? { service, key: stamp(Date.now()), from: backup.id, keep: false };
    if (!open) {
      const { deployment } = last.desired;
      await store.check(backup.id);
      await request.agreed(backup, stopped(last.desired, service));
      const desired = pinned(last, await engine.observe(deployment, last.desired));
      const task = only(desired, service, 'stage');
      request.follows({ resources: [task] }, 'stage');
      const env = { KOLLAGE_BACKUP: folderOf(task, backup.id), KOLLAGE_SWITCH: wanted.key };
      const means = { engine, emit, signal };
      await runJob({ means, desired, secret, task, env, code: 'KLG-551' });
    }
    const why = request.why ?? `restore of ${service} from ${backup.id}`;
    return comeUp({ ...there, emit, signal, why, follows: request.follows }, wanted);
  });
}

interface ComeUp extends Opened, Pick<RestoreRequest, 'follows' | 'emit' | 'signal'> {
  readonly why: string;
}

/** Switches what lies ready, and brings all up that stops for it. */
export async function comeUp(of: ComeUp, wanted: Switch): Promise<number | null> {
  const { engine, state: store, last, secret, emit, signal, why, follows } = of;
  const observed = await engine.observe(last.desired.deployment, last.desired);
  return converge({
    engine,
    store,
    desired: pinned(last, observed),
    by: whoami(),
    why,
    retry: false,
    emit,
    signal,
    secrets: async () => secret,
    switch: wanted,
    planned: async ({ plan }) => {
      throwFirst(plan.findings);
      follows(last.desired, 'change');
      return true;
    },
  });
}

/** The workloads that stop, sorted. */
export function stopped(desired: Desired, service: string): string[] {
  const keys = [...usersOf(desired, new Set([service]))];
  return keys.flatMap((key) => (key.startsWith('workload:') ? [key.slice('workload:'.length)] : [])).sort();
}

/** The switch of this backup that an earlier run began. KLG-553 where something else is unfinished. */
async function openSwitch({ state }: Opened, from: string): Promise<Switch | null> {
  const open = await state.unfinished();
  if (!open) return null;
  const switches = switchesOf(await state.journal(open.number));
  const same = switches.find((one) => one.from === from);
  if (same && open.status !== 'reverting') return same;
  throw new KollageError({
    code: 'KLG-553',
    message: `revision ${open.number}${open.why ? ` (${open.why})` : ''} is unfinished`,
  });
}

/** A backup that may be restored. KLG-551. */
function fitting(found: Listed, service: string, { deployment, release }: Desired): Backup {
  const refuse = (why: string, next?: string) =>
    new KollageError({ code: 'KLG-551', message: `${found.id}: ${why}`, ...(next && { next }) });
  if (!isWhole(found)) throw refuse(found.broken);
  const why = stranger(found, service, deployment);
  if (why !== null) throw refuse(why);
  if (found.release !== release)
    throw refuse(
      `it was made with release ${found.release}, and ${release} runs`,
      `Bring up ${found.release} first (\`kollage rollback\`), restore, and upgrade again.`,
    );
  return found;
}
