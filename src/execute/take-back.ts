import type { Engine } from '../engines/engine.ts';
import { KollageError, messageOf } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import { onBothSides } from '../model/token.ts';
import { makePlan } from '../plan/plan.ts';
import { appliedOf, noted, type Revision, type StateStore } from '../state/store.ts';
import { execute } from './execute.ts';
import { pinned } from './pinned.ts';
import { discard, switchesOf } from './switch.ts';
import { undoData } from './undo-data.ts';

/**
 * How many times as long as on the way forward all may take on the way back, and as often die. What ran before has worked, so that giving it up helps
 * nobody; and what made the change fail may be a machine that is too busy for the usual times.
 */
const times = 5;

export type Secret = (name: string) => string | undefined;

/** What a change is carried out with. */
export interface Means {
  readonly engine: Engine;
  readonly store: StateStore;
  /** Reads the secrets as they are now: a secret's value, by name. */
  readonly secrets: () => Promise<Secret>;
  readonly emit: (event: KollageEvent) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes what runs equal to the base of a revision again: data first, then, by a plan like any other, configuration, images and workloads. Noted before it
 * begins, so that a next run goes on with it. `why`: what failed; null where a person wants it. KLG-510 when it cannot, KLG-506 when it is
 * interrupted.
 */
export async function takeBack(means: Means, revision: Revision, why: string | null): Promise<void> {
  const { engine, store, signal } = means;
  const base = revision.base === null ? null : await store.revision(revision.base);
  if (!base) throw new KollageError({ code: 'KLG-510', message: 'nothing ran before it' });
  await store.mark(revision.number, 'reverting', why ?? undefined);
  const emit = (event: KollageEvent) => {
    store.record(revision.number, event);
    means.emit(event);
  };
  const { number, failure } = revision;
  emit({
    at: Date.now(),
    type: 'taking-back',
    revision: number,
    to: base.number,
    message: why ?? failure ?? '',
  });
  try {
    const failed = await store.secrets(revision.number);
    const secret = onBothSides(await secretsOf(means, base), (name) => failed.get(name));
    const journal = await store.journal(number);
    if (noted(journal, 'undone').length === 0) {
      await undoData({ engine, emit, secret, signal, times }, revision, base, journal);
      await store.note(number, { type: 'undone' });
    }
    const observed = await engine.observe(
      base.desired.deployment,
      base.desired,
      await appliedOf(store, base),
    );
    const desired = pinned(base, observed);
    const last = revision.desired;
    const plan = makePlan({ desired, last, observed });
    await execute({ engine, plan, desired, last, observed, settle: true, secret, emit, signal, times });
    for (const { id } of noted(journal, 'volume')) await engine.removeVolume(desired.deployment, id);
  } catch (cause) {
    if (signal.aborted)
      throw new KollageError({ code: 'KLG-506', message: 'interrupted while it was taken back' }, { cause });
    const message = `revision ${number} could not be taken back to ${base.number}: ${messageOf(cause)}`;
    throw new KollageError({ code: 'KLG-510', message }, { cause });
  }
  await store.mark(number, 'reverted');
  const secret = await secretsOf(means, base);
  await discard({ engine, emit, secret, signal }, base, switchesOf(await store.journal(number)));
}

/** The secrets that a revision ran with; those of now where they were not kept. */
export async function secretsOf(
  { store, secrets }: Pick<Means, 'store' | 'secrets'>,
  { number }: Revision,
): Promise<Secret> {
  const kept = await store.secrets(number);
  return kept.size > 0 ? (name) => kept.get(name) : secrets();
}
