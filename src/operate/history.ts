import { makePlan } from '../plan/plan.ts';
import type { RevisionHead, StateStore } from '../state/store.ts';
import { reading } from './revisions.ts';

/** A revision in the history. */
export interface HistoryRow extends RevisionHead {
  readonly release: string;
  /** The services of which a workload or task differs from the base; all of them for the first revision. Sorted. */
  readonly services: readonly string[];
}

/** What was applied, the newest first; `most` of them. KLG-507 when nothing was ever applied from this host. */
export function historyOf(folder: string, most: number): Promise<HistoryRow[]> {
  return reading(folder, async (state) => {
    const heads = (await state.history()).toReversed().slice(0, most);
    return Array.fromAsync(heads, (head) => rowOf(state, head));
  });
}

async function rowOf(state: StateStore, head: RevisionHead): Promise<HistoryRow> {
  const desired = (await state.revision(head.number))?.desired;
  const base = head.base === null ? null : await state.revision(head.base);
  const changes = desired ? makePlan({ desired, last: base?.desired ?? null, observed: {} }).changes : [];
  const services = changes.flatMap(({ key }) => /^(?:workload|task):([^/]+)/.exec(key)?.[1] ?? []);
  return { ...head, release: desired?.release ?? '', services: [...new Set(services)].sort() };
}
