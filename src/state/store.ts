import { hash } from '../compile/fingerprint.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';

/**
 * applying: begun, and neither finished nor taken back; reverting: it failed and is being taken back; done: it was applied whole; reverted:
 * taken back whole; failed: left as it is, because there was nothing to go back to, or because a later one went on from it.
 */
export type RevisionStatus = 'applying' | 'reverting' | 'done' | 'failed' | 'reverted';

/** What is known of a revision without reading what it asked for. */
export interface RevisionHead {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Null while it is neither finished nor taken back. */
  readonly endedAt: number | null;
  readonly by: string;
  /** What whoever began it said that it is for. */
  readonly why: string;
  /** The revision that ran before, to which it is taken back; null for the first. */
  readonly base: number | null;
  readonly status: RevisionStatus;
  /** Why it failed; null when it did not. */
  readonly failure: string | null;
  /** The desired state's fingerprint. */
  readonly fingerprint: string;
}

/** One desired state that was applied, kept whole. */
export interface Revision extends RevisionHead {
  readonly desired: Desired;
  /** The image ids that references stood for: going back means these very bytes, also where a tag has moved since. */
  readonly images: Readonly<Record<string, string>>;
}

/** A revision that is about to be begun. */
export interface NewRevision extends Pick<Revision, 'desired' | 'images' | 'by' | 'why' | 'base'> {
  /** The values of its secrets, for going back to it after they were changed. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The unfinished revision that it goes on from: what that one's journal says holds for this one. */
  readonly continues: number | null;
  /** What is noted together with it. */
  readonly notes?: readonly JournalEntry[];
}

/**
 * What a plan cannot see and so cannot take back, noted before it is begun: that the data of a service is saved (under the number of the revision
 * that did so), that saved data is brought back, that data which lies ready takes the place of what is there, that a task is run, that a volume is made; that hooks of a service are due, and have run, `before` or `after`. `undone`: all that is taken back, as far as data is concerned.
 */
export type JournalEntry =
  | { readonly type: 'save'; readonly service: string; readonly revision: number }
  | { readonly type: 'task'; readonly id: string; readonly fingerprint: string }
  | { readonly type: 'volume'; readonly id: string }
  | {
      readonly type: 'restore';
      readonly saved: readonly { readonly service: string; readonly revision: number }[];
    }
  | {
      readonly type: 'switch';
      readonly service: string;
      readonly key: string;
      readonly from: string | null;
      readonly keep: boolean;
    }
  | {
      readonly type: 'hook';
      readonly service: string;
      readonly what: 'due' | 'before' | 'after';
      readonly revision: number;
    }
  | { readonly type: 'undone' };

/** The entries of one type. */
export function noted<T extends JournalEntry['type']>(
  journal: readonly JournalEntry[],
  type: T,
): Extract<JournalEntry, { type: T }>[] {
  return journal.filter((entry): entry is Extract<JournalEntry, { type: T }> => entry.type === type);
}

export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  readonly since: number;
}

/** That whoever watches over a deployment is to leave it alone. */
export interface Pause {
  readonly by: string;
  readonly why: string;
  /** Milliseconds since the epoch; until it is taken back where null. */
  readonly until: number | null;
}

/**
 * Where a deployment's state is kept: beside the engine that it runs on. Each write is durable when its promise resolves, so that it can be
 * made before the act that it announces.
 */
export interface StateStore {
  /** Takes the lock, from a dead process too. Throws KLG-503 with its holder when someone else has it. */
  lock(): Promise<AsyncDisposable>;
  /** The last revision that was applied whole. */
  last(): Promise<Revision | null>;
  /** The newest revision, when it is neither done nor taken back. */
  unfinished(): Promise<Revision | null>;
  /** A revision by its number, or the newest one, whatever became of it. */
  revision(number?: number): Promise<Revision | null>;
  /** All of them, the oldest first. */
  history(): Promise<readonly RevisionHead[]>;
  /** The newest revision of this identity, when it failed and was taken back; null when it may be tried. */
  quarantined(identity: string): Promise<RevisionHead | null>;
  /** The values of a revision's secrets. */
  secrets(number: number): Promise<ReadonlyMap<string, string>>;
  /** Writes down what is about to be applied, and that what it continues ends here; gives its number. */
  begin(revision: NewRevision): Promise<number>;
  mark(number: number, status: RevisionStatus, failure?: string): Promise<void>;
  note(number: number, entry: JournalEntry): Promise<void>;
  /** In the order of noting, what the revision continued first. */
  journal(number: number): Promise<readonly JournalEntry[]>;
  /**
   * Keeps an event as it happens, so that a run that is killed has its timeline: within a second, and before the next write that is durable. Whether it
   * can be kept holds up nothing.
   */
  record(number: number, event: KollageEvent): void;
  timeline(number: number): Promise<readonly KollageEvent[]>;
  /** Null when it may be watched over. */
  paused(): Promise<Pause | null>;
  /** Null takes a pause back. */
  pause(pause: Pause | null): Promise<void>;
  close(): Promise<void>;
}

/** A revision, and the secrets that it ran with. */
export async function appliedOf(
  store: Pick<StateStore, 'secrets'>,
  { number, desired }: Pick<Revision, 'number' | 'desired'>,
): Promise<{ readonly desired: Desired; readonly secret: (name: string) => string | undefined }> {
  const secrets = await store.secrets(number);
  return { desired, secret: (name) => secrets.get(name) };
}

/** What tells one attempt from another: what is asked for, the bytes that its images' references stand for, and data that takes another's place. */
export function identityOf(
  { desired, images }: Pick<Revision, 'desired' | 'images'>,
  notes: readonly JournalEntry[] = [],
): string {
  const switches = noted(notes, 'switch').map(({ key }) => key);
  return hash([desired.fingerprint, Object.entries(images).sort(), ...switches]);
}
