import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';

/** One desired state that was applied, kept whole. */
export interface Revision {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly by: string;
  readonly status: 'applying' | 'done' | 'failed';
  readonly desired: Desired;
}

export interface LockHolder {
  readonly host: string;
  readonly pid: number;
  readonly since: number;
}

/** Where a deployment's state is kept: beside the engine that it runs on. */
export interface StateStore {
  /** Takes the lock, from a dead process too. Throws KLG-503 with its holder when someone else has it. */
  lock(): Promise<Disposable>;
  /** The last revision that was applied whole. */
  last(): Promise<Revision | null>;
  /** What was begun and neither finished nor taken back. */
  unfinished(): Promise<Revision | null>;
  /** A revision by its number, or the newest one, whatever became of it. */
  revision(number?: number): Promise<Revision | null>;
  /** Writes down what is about to be applied; gives its number. */
  begin(desired: Desired, by: string): Promise<number>;
  end(number: number, status: 'done' | 'failed', timeline: readonly KollageEvent[]): Promise<void>;
  timeline(number: number): Promise<readonly KollageEvent[]>;
  close(): void;
}
