import { makeTimeline, type Timeline } from '../plan/timeline/timeline.ts';
import type { Revision } from '../state/store.ts';
import { reading, revisionOf } from './revisions.ts';

/** The timeline of a revision. */
export interface RevisionTimeline extends Pick<Revision, 'number' | 'status' | 'by'> {
  readonly release: string;
  /** Null when nothing was told of it: it was killed before its first event. */
  readonly timeline: Timeline | null;
}

/**
 * What happened when a revision was applied, by its number, or the newest one; of one that was killed, what happened until then. Asks no engine.
 * KLG-507 when nothing was ever applied from this host, KLG-105 when there is no such revision.
 */
export function timelineOf(folder: string, wanted?: number): Promise<RevisionTimeline> {
  return reading(folder, async (state) => {
    const { number, status, by, desired } = await revisionOf(state, wanted);
    const events = await state.timeline(number);
    const timeline = events.length > 0 ? makeTimeline(events, desired) : null;
    return { number, status, by, release: desired.release, timeline };
  });
}
