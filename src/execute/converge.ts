import { randomUUID } from 'node:crypto';
import { KollageError, messageOf } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Observed, Plan } from '../model/plan.ts';
import type { Desired } from '../model/resource.ts';
import { onBothSides } from '../model/token.ts';
import { imageIds, imagesOf } from '../plan/image-ids.ts';
import { makePlan } from '../plan/plan.ts';
import { appliedOf, identityOf, type JournalEntry, type Revision } from '../state/store.ts';
import { forward } from './forward.ts';
import type { Hooks } from './hooks.ts';
import { forgetReplaced, type Saved } from './restore.ts';
import { discard, type Switch, switchesOf } from './switch.ts';
import { type Means, type Secret, takeBack } from './take-back.ts';

/** What shall be, and on what terms. */
export interface Wish extends Means {
  readonly desired: Desired;
  readonly by: string;
  readonly why: string;
  /** Whether what failed before is tried again. */
  readonly retry: boolean;
  /** Shown what would be done before anything is touched; throws where something stands against it, false when it is not wanted. */
  readonly planned: (planned: Planned) => Promise<boolean>;
  /** Saved data that is brought back. */
  readonly restore?: readonly Saved[];
  /** Data that lies ready and takes the place of what is there. */
  readonly switch?: Switch;
  /** What runs before and after services are updated. */
  readonly hooks?: Hooks;
  /** Asked when all is healthy; throws where the change is not to stay. */
  readonly check?: () => Promise<void>;
}

export interface Planned {
  readonly plan: Plan;
  readonly observed: Observed;
  readonly last: Desired | null;
}

/**
 * Makes what runs equal to what is desired, whole or not at all; gives the number of the revision, null when nothing was to be done. The lock must
 * be held. Goes on with what an earlier run left: a taking back is finished first, then a change towards the same state goes on, and one
 * towards another takes its place. A change that fails is taken back, and not tried again (KLG-511) unless told so; where nothing
 * ran before, it is left as it is. Throws what failed, KLG-506 when interrupted, KLG-510 where taking back failed.
 */
export async function converge(wish: Wish): Promise<number | null> {
  const { store, engine, desired } = wish;
  const left = await store.unfinished();
  if (left?.status === 'reverting') await takeBack(wish, left, null);
  const base = await store.last();
  const open = await goesOn(wish, await store.unfinished());
  if (base && !open) await forgetReplaced(wish, base);
  const applied = base && (await appliedOf(store, base));
  const observed = await engine.observe(desired.deployment, desired, applied);
  const images = imagesOf(desired, imageIds(observed));
  const before = open ? await store.journal(open.number) : [];
  const notes = notesOf(wish, before);
  const identity = identityOf({ desired, images }, [...before, ...notes]);
  const bad = await store.quarantined(identity);
  if (bad && !wish.retry) throw quarantined(bad);
  const last = base?.desired ?? null;
  const plan = makePlan({ desired, last, observed });
  const isWanted = await wish.planned({ plan, observed, last });
  if (!isWanted || (plan.changes.length === 0 && !open && notes.length === 0)) return null;
  const now = await wish.secrets();
  const then = base ? await store.secrets(base.number) : new Map<string, string>();
  const secret = onBothSides(now, (name) => then.get(name));
  const { by, why } = wish;
  const number =
    open && identityOf(open, before) === identity
      ? open.number
      : await store.begin({
          desired,
          images,
          secrets: valuesOf(desired, secret),
          by,
          why,
          base: base?.number ?? null,
          continues: open?.number ?? null,
          notes,
        });
  const revision = await store.revision(number);
  if (!revision) throw new KollageError({ code: 'KLG-508', message: `revision ${number} was not kept` });
  await store.mark(number, 'applying');
  await apply(wish, revision, base, {
    plan,
    observed,
    last,
    settle: open !== null,
    hooks: wish.hooks,
    secret,
  });
  return number;
}

/** What is noted of data as the revision begins, beyond what an unfinished one noted. */
function notesOf({ restore, switch: wanted }: Wish, before: readonly JournalEntry[]): JournalEntry[] {
  const isNoted = switchesOf(before).some(({ key }) => key === wanted?.key);
  return [
    ...(restore?.length ? [{ type: 'restore', saved: restore } as const] : []),
    ...(wanted && !isNoted ? [{ type: 'switch', ...wanted } as const] : []),
  ];
}

/**
 * The unfinished revision that this one goes on from. One towards another state, of which tasks have begun or volumes were made, is taken back
 * before: what they did to data belongs to neither the base nor what is desired now.
 */
async function goesOn(wish: Wish, open: Revision | null): Promise<Revision | null> {
  if (!open || open.base === null || open.desired.fingerprint === wish.desired.fingerprint) return open;
  const journal = await wish.store.journal(open.number);
  if (journal.every(({ type }) => type === 'save' || type === 'hook')) return open;
  await takeBack(wish, open, null);
  return null;
}

interface Way extends Planned {
  readonly settle: boolean;
  readonly hooks: Hooks | undefined;
  readonly secret: Secret;
}

/** Goes forward, and back when that fails. */
async function apply(wish: Wish, revision: Revision, base: Revision | null, way: Way): Promise<void> {
  const { store, signal } = wish;
  const { number } = revision;
  const emit = (event: KollageEvent) => {
    store.record(number, event);
    wish.emit(event);
  };
  const run = randomUUID();
  const { deployment } = revision.desired;
  const ended = (outcome: 'done' | 'failed' | 'interrupted' | 'reverted', message?: string) =>
    emit({ at: Date.now(), type: 'run-ended', run, outcome, ...(message === undefined ? {} : { message }) });
  emit({ at: Date.now(), type: 'run-started', run, deployment, changes: way.plan.changes.length });
  try {
    await forward({ ...wish, emit }, revision, base, way, way.secret);
    await wish.check?.();
    signal.throwIfAborted();
  } catch (error) {
    const message = messageOf(error);
    if (signal.aborted || isOutside(error)) {
      ended('interrupted', message);
      if (!signal.aborted) throw error;
      throw new KollageError({ code: 'KLG-506', message: 'interrupted' }, { cause: error });
    }
    if (!base) {
      ended('failed', message);
      await store.mark(number, 'failed', message);
      throw error;
    }
    try {
      // A person's no is no fault of the change: it may be tried again.
      await takeBack(wish, revision, isNo(error) ? null : message);
    } catch (second) {
      ended(signal.aborted ? 'interrupted' : 'failed', messageOf(second));
      throw second;
    }
    ended('reverted', message);
    throw error;
  }
  ended('done');
  await store.mark(number, 'done');
  await forgetReplaced(wish, revision);
  await discard({ ...wish, emit, secret: way.secret }, revision, switchesOf(await store.journal(number)));
}

/** What is no fault of the change, and would stand against going back as well: an engine that is away, does not let us, or has no room. */
const outside: ReadonlySet<string> = new Set([
  'KLG-501',
  'KLG-541',
  'KLG-542',
  'KLG-543',
  'KLG-544',
  'KLG-545',
]);

function isOutside(error: unknown): boolean {
  return error instanceof KollageError && outside.has(error.code);
}

function isNo(error: unknown): boolean {
  return error instanceof KollageError && error.code === 'KLG-515';
}

function quarantined({ number, failure }: Pick<Revision, 'number' | 'failure'>): KollageError {
  return new KollageError({
    code: 'KLG-511',
    message: `revision ${number} was the same, failed and was taken back: ${failure}`,
  });
}

/** The values that a desired state's secrets have now: what going back to it needs. */
function valuesOf(desired: Desired, secret: Secret): Record<string, string> {
  return Object.fromEntries(
    desired.resources.flatMap(({ kind, id }) => {
      const value = kind === 'secret' ? secret(id) : undefined;
      return value === undefined ? [] : [[id, value] as const];
    }),
  );
}
