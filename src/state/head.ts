import { z } from 'zod';
import { KollageError } from '../model/error.ts';
import {
  identityOf,
  type JournalEntry,
  type NewRevision,
  type RevisionHead,
  type RevisionStatus,
} from './store.ts';

/** What all stores tell of a revision. */
const told = z.object({
  number: z.number(),
  at: z.number(),
  endedAt: z.number().nullable(),
  by: z.string(),
  why: z.string(),
  base: z.number().nullable(),
  status: z.enum(['applying', 'reverting', 'done', 'failed', 'reverted']),
  failure: z.string().nullable(),
  fingerprint: z.string(),
});

/** What is written of a revision beside what it asked for, so that the history can be read without that. */
export const head = told.extend({
  identity: z.string(),
  /** What tells its pieces from all others', and how many those are. */
  id: z.string(),
  pieces: z.number(),
});

export type Head = z.infer<typeof head>;

export function publicHead(known: Head): RevisionHead {
  return told.parse(known);
}

/** The head of a revision that begins now; `journal` is what is noted with it. */
export function freshHead(
  revision: NewRevision,
  journal: readonly JournalEntry[],
  own: Pick<Head, 'number' | 'id' | 'pieces'>,
): Head {
  const { desired, by, why, base } = revision;
  return {
    ...own,
    at: Date.now(),
    endedAt: null,
    by,
    why,
    base,
    status: 'applying',
    failure: null,
    fingerprint: desired.fingerprint,
    identity: identityOf(revision, journal),
  };
}

/** The head of a revision of which that became; why it failed stays when nothing else is said. */
export function markedHead<H extends Head>(known: H, status: RevisionStatus, failure?: string): H {
  const endedAt = status === 'applying' || status === 'reverting' ? null : Date.now();
  return { ...known, status, endedAt, failure: failure ?? known.failure };
}

/** That somebody took a revision away: KLG-508. */
export function goneRevision(number: number): KollageError {
  return new KollageError({ code: 'KLG-508', message: `revision ${number} is not there any more` });
}
