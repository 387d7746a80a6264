import { randomUUID } from 'node:crypto';
import { execute } from '../execute/execute.ts';
import { openDeployment } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { KollageError, messageOf, throwFirst } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { makePlan } from '../plan/plan.ts';
import { SqliteStore, whoami } from '../state/sqlite.ts';
import { engineFor } from './engine-of.ts';
import { prepare } from './prepare.ts';
import { type Pulling, pullImages } from './pull.ts';

export interface UpRequest {
  readonly folder: string;
  readonly emit: (event: KollageEvent) => void;
  /** Shown before anything is changed. */
  readonly planned: (plan: Plan, desired: Desired) => void;
  /** Told of images that come from a registry, before there is a plan. */
  readonly pulling?: (pulling: Pulling) => void;
  readonly signal: AbortSignal;
  /** What the change is for, for the history. */
  readonly why?: string | undefined;
  /** Taken in place of what the folder says. */
  readonly instead?: { readonly release: string };
}

/**
 * Makes what runs equal to what the folder says; gives the number of the revision, or null when there was nothing to do. Written down before it
 * begins, so that a run that was killed is gone on with. Throws the first finding that is an error, KLG-503 when another
 * one works on it, and KLG-5xx for what fails.
 */
export async function up({
  folder,
  emit,
  planned,
  signal,
  why = '',
  instead,
  pulling = () => undefined,
}: UpRequest): Promise<number | null> {
  const { deployment, desired, findings } = await prepare(folder, instead);
  throwFirst(findings);
  const engine = engineFor(deployment.engine, deployment.at(['engine']));
  await engine.version();
  const state = new SqliteStore(deployment.name);
  using _lock = await state.lock();
  await pullImages({ engine, deployment, desired, tell: pulling });
  const base = await state.last();
  const last = base?.desired ?? null;
  const observed = await engine.observe(deployment.name, desired);
  const plan = makePlan({ desired, last, observed });
  const all = [...findings, ...runChecks({ desired, last, observed }), ...plan.findings];
  throwFirst(all);
  planned({ ...plan, findings: all }, desired);
  const open = await state.unfinished();
  if (plan.changes.length === 0 && !open) return null;
  const { values } = await readPasswords(openDeployment(folder));
  const number = await state.begin({
    desired,
    images: {},
    secrets: {},
    by: whoami(),
    why,
    base: base?.number ?? null,
    continues: open?.number ?? null,
  });
  const tell = (event: KollageEvent) => {
    state.record(number, event);
    emit(event);
  };
  const run = randomUUID();
  tell({
    at: Date.now(),
    type: 'run-started',
    run,
    deployment: deployment.name,
    changes: plan.changes.length,
  });
  try {
    await execute({
      plan,
      desired,
      engine,
      last,
      observed,
      settle: open !== null,
      secret: (name) => values.get(name)?.reveal(),
      emit: tell,
      signal,
    });
  } catch (error) {
    const interrupted = signal.aborted;
    const message = messageOf(error);
    tell({
      at: Date.now(),
      type: 'run-ended',
      run,
      outcome: interrupted ? 'interrupted' : 'failed',
      message,
    });
    await state.mark(number, 'failed', message);
    if (interrupted) throw new KollageError({ code: 'KLG-506', message: 'interrupted' }, { cause: error });
    throw error;
  }
  tell({ at: Date.now(), type: 'run-ended', run, outcome: 'done' });
  await state.mark(number, 'done');
  return number;
}
