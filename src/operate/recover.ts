import { stopUsers } from '../execute/switch.ts';
import { KollageError } from '../model/error.ts';
import { refuseSwitching } from './backup.ts';
import { stamp } from './backups/backup.ts';
import { only } from './backups/keeper.ts';
import { opened } from './backups/open.ts';
import { runJob } from './backups/run.ts';
import { comeUp, type RestoreRequest, stopped } from './restore.ts';
import { status } from './status.ts';

export interface RecoverRequest extends Omit<RestoreRequest, 'backup' | 'agreed'> {
  /** Whether it is done although all of the service is healthy. */
  readonly force?: boolean | undefined;
  /** Asked before anything is done; throws where it shall not be done. */
  readonly agreed: (stops: readonly string[]) => Promise<void>;
}

export interface Recovered {
  readonly revision: number | null;
  /** What is lost, a sentence each; empty where nothing is known to be. */
  readonly lost: readonly string[];
  /** The revision that was unfinished before and still is; what stopped is brought up by whoever goes on with it. Null where there is none. */
  readonly unfinished: number | null;
}

/** KLG-552 where all that runs of the service is healthy. */
async function refuseHealthy(folder: string, service: string): Promise<void> {
  const { workloads } = await status(folder);
  const own = workloads.filter(({ workload }) => workload.startsWith(`${service}/`));
  if (own.length === 0 || own.some(({ state }) => state !== 'healthy')) return;
  throw new KollageError({ code: 'KLG-552', message: `${service} is healthy` });
}

/**
 * Makes data serve again that does not: who uses it stops, the service's task of the phase `recover` makes what can be had of a copy, and that takes the
 * place of the old. What was there is kept: until all is healthy, and where something is lost longer. KLG-552 where all of it is healthy, KLG-554 where
 * nothing could be had: then the data is as it was, and who uses it stays stopped.
 */
export async function recover(request: RecoverRequest): Promise<Recovered> {
  const { folder, service, emit, signal, force } = request;
  if (!force) await refuseHealthy(folder, service);
  return opened(folder, 'work', async (there) => {
    const { engine, state, last, secret } = there;
    const { desired } = last;
    const task = only(desired, service, 'recover');
    await refuseSwitching(there);
    await request.agreed(stopped(desired, service));
    await stopUsers({ engine, desired, secret, emit, signal }, new Set([service]));
    request.follows({ resources: [task] }, 'stage');
    const key = stamp(Date.now());
    const means = { engine, emit, signal };
    const env = { KOLLAGE_SWITCH: key };
    const facts = await runJob({ means, desired, secret, task, env, code: 'KLG-554' });
    const lost = [...facts].flatMap(([name, value]) => (name.startsWith('lost') ? [value] : []));
    const why = request.why ?? `recovery of ${service}`;
    const open = await state.unfinished();
    if (open) {
      // It cannot be gone on with, nor taken back, before the data serves.
      await runJob({ means, desired, secret, task: only(desired, service, 'switch'), env, code: 'KLG-554' });
      return { revision: null, lost, unfinished: open.number };
    }
    const wanted = { service, key, from: null, keep: lost.length > 0 };
    const revision = await comeUp({ ...there, emit, signal, why, follows: request.follows }, wanted);
    return { revision, lost, unfinished: null };
  });
}
