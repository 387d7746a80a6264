import type { Needs } from '../../plan/timeline/needs.ts';
import { type Track, withStarts } from '../../plan/timeline/track.ts';
import { logLines, rowOf } from './rows.ts';
import type { SummaryOptions } from './summary.ts';
import { harmless, type Line, span } from './text.ts';

/** What stays in the scrollback of tasks that tell their steps: each task, its steps and its seconds, and of those that failed the log. */
export function steps(told: Track, needs: Needs, { symbols }: SummaryOptions): Line[] {
  const run = withStarts(told, needs.of);
  const all = [...run.processes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const width = Math.max(0, ...all.map(({ id }) => id.length));
  return all.flatMap((process) => [
    rowOf(process, false, [], { symbols, width, now: run.endedAt ?? 0 }),
    ...process.steps.map((step) => [span(`      ${harmless(step)}`, 'dim')]),
    ...logLines(process, process.logs.length),
  ]);
}
