import { converge } from '../execute/converge.ts';
import { pinned } from '../execute/pinned.ts';
import { type Saved, savedFor } from '../execute/restore.ts';
import { secretsOf, takeBack } from '../execute/take-back.ts';
import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { secretOf } from '../load/secret-of.ts';
import { KollageError, throwFirst } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Observed, Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { doneKey } from '../plan/changes/task.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { existingState } from '../state/open.ts';
import type { Revision, StateStore } from '../state/store.ts';
import { whoami } from '../state/who.ts';
import { engineFor } from './engine-of.ts';
import { type Confirm, hooksOf, refuseSilence } from './hooks.ts';
import { revisionOf } from './revisions.ts';

export interface RollbackRequest {
  readonly folder: string;
  /** The revision to go back to; when not given, what is unfinished is taken back, else it is the one before the last. */
  readonly to?: number | undefined;
  readonly why?: string | undefined;
  /** Whether data that newer programs have changed is brought back as it was saved then. */
  readonly restoreData?: boolean | undefined;
  /** Shown before anything is changed; false leaves all as it is. */
  readonly planned: (plan: Plan, desired: Desired) => Promise<boolean>;
  readonly emit: (event: KollageEvent) => void;
  /** Asked what hooks want a person to say yes to; where not given nobody can be asked. */
  readonly confirm?: Confirm | undefined;
  readonly signal: AbortSignal;
}

/**
 * Makes what runs equal to an earlier revision again, with the images and secrets that it ran with, as a new revision; gives its number, null where
 * nothing was to be done. The folder is not touched: the next `up` goes forward to it. Data stays as it is, unless `restoreData`; KLG-512
 * where old programs would run on a newer schema. KLG-105 for a revision that is not there or was not applied whole, KLG-507 when nothing was.
 */
export async function rollback(request: RollbackRequest): Promise<number | null> {
  const { folder, emit, signal, planned, confirm = null } = request;
  const { file } = readDeploymentFile(openDeployment(folder));
  const { name, hooks } = file.value;
  const secret = secretOf(folder);
  const engine = engineFor(file.value.engine, { secret });
  await engine.version();
  const state = await existingState(file.value.engine, name, { secret });
  if (!state)
    throw new KollageError({ code: 'KLG-507', message: `${name} was never brought up on this host` });
  try {
    await using _lock = await state.lock();
    const secrets = async () => {
      const { values } = await readPasswords(openDeployment(folder));
      return (secret: string) => values.get(secret)?.reveal();
    };
    const means = { engine, store: state, secrets, emit, signal };
    const open = await state.unfinished();
    if (open && open.base !== null && request.to === undefined) {
      await takeBack(means, open, null);
      return open.base;
    }
    const target = await targetOf(state, request.to);
    const last = await state.last();
    const observed = await engine.observe(name, target.desired);
    const restore = last ? await dataOf(state, last.desired, target, observed, request) : [];
    const kept = await secretsOf(means, target);
    return await converge({
      ...means,
      secrets: async () => kept,
      desired: pinned(target, observed),
      by: whoami(),
      why: request.why ?? `rollback to ${target.number}`,
      retry: true,
      restore,
      hooks: hooksOf(hooks, { folder, engine, desired: target.desired }, confirm),
      planned: async (made) => {
        const desired = target.desired;
        const findings = [...runChecks({ ...made, desired }), ...made.plan.findings];
        throwFirst(findings);
        refuseSilence(hooks, made.plan, made.last, confirm);
        return planned({ ...made.plan, findings }, desired);
      },
    });
  } finally {
    await state.close();
  }
}

async function targetOf(state: StateStore, to: number | undefined): Promise<Revision> {
  const last = await state.last();
  const number = to ?? last?.base;
  if (number === null || number === undefined)
    throw new KollageError({
      code: 'KLG-105',
      message: 'there is no revision before this one to go back to',
      next: 'See `kollage history`.',
    });
  const revision = await revisionOf(state, number);
  if (revision.status === 'done') return revision;
  throw new KollageError({
    code: 'KLG-105',
    message: `revision ${number} was not applied whole (${revision.status}): nobody can go back to it`,
    next: 'See `kollage history`.',
  });
}

/**
 * The saved data that an older revision needs, where tasks that prepare data are others than they were: what they did cannot be seen, and an older program
 * is never run on it. KLG-512 where that is not asked for, or nothing was saved.
 */
async function dataOf(
  state: StateStore,
  now: Desired,
  target: Revision,
  observed: Observed,
  { restoreData }: RollbackRequest,
): Promise<readonly Saved[]> {
  const done = new Set((observed.tasks ?? []).map(doneKey));
  const { others, saved, missing } = await savedFor(state, target, now, done);
  if (others.length === 0) return [];
  const { number } = target;
  if (restoreData && missing.length === 0) return saved;
  const message = restoreData
    ? `the data of ${missing.join(', ')} as revision ${number} had it was not saved`
    : `revision ${number} has other programs for the data as it is now: ${others.join(', ')}`;
  const next =
    !restoreData && missing.length === 0
      ? `Go forward instead, or give --restore-data: the data of ${saved.map(({ service }) => service).join(', ')} becomes what it was then, and what was written since is lost.`
      : undefined;
  throw new KollageError({ code: 'KLG-512', message, ...(next && { next }) });
}
