import { openDeployment, readDeploymentFile } from '../load/deployment.ts';
import { KollageError } from '../model/error.ts';
import { makeTimeline, type Timeline } from '../plan/timeline/timeline.ts';
import { SqliteStore } from '../state/sqlite.ts';
import type { Revision } from '../state/store.ts';

/** The timeline of a revision. */
export interface RevisionTimeline extends Pick<Revision, 'number' | 'status' | 'by'> {
  readonly release: string;
  /** Null when the run was killed, or goes on: events are kept at a run's end. */
  readonly timeline: Timeline | null;
}

/**
 * What happened when a revision was applied, by its number, or the newest one. Asks no engine. KLG-507 when nothing was ever
 * applied from this host, KLG-105 when there is no such revision.
 */
export async function timelineOf(folder: string, number?: number): Promise<RevisionTimeline> {
  const { name } = readDeploymentFile(openDeployment(folder)).file.value;
  const state = SqliteStore.existing(name);
  try {
    const newest = await state?.revision();
    if (!state || !newest)
      throw new KollageError({ code: 'KLG-507', message: `${name} was never brought up on this host` });
    const revision = number === undefined ? newest : await state.revision(number);
    if (!revision)
      throw new KollageError({
        code: 'KLG-105',
        message: `${name} has no revision ${number}; the newest is ${newest.number}`,
        next: 'Give the number of a revision, or none for the newest.',
      });
    const events = await state.timeline(revision.number);
    return {
      number: revision.number,
      status: revision.status,
      by: revision.by,
      release: revision.desired.release,
      timeline: events.length > 0 ? makeTimeline(events, revision.desired) : null,
    };
  } finally {
    state?.close();
  }
}
