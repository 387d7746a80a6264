import type { Needs } from '../../plan/timeline/needs.ts';
import { type Track, withStarts } from '../../plan/timeline/track.ts';
import { logLines, rowOf } from './rows.ts';
import type { SummaryOptions } from './summary.ts';
import { harmless, type Line, seconds, span } from './text.ts';

/** What stays of a verification in the scrollback: each proof, its steps and its seconds, and of those that failed the log. */
export function verdict(told: Track, needs: Needs, { symbols }: SummaryOptions): Line[] {
  const run = withStarts(told, needs.of);
  const all = [...run.processes.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const width = Math.max(0, ...all.map(({ id }) => id.length));
  const held = all.filter(({ phase }) => phase === 'done').length;
  const total = seconds((run.endedAt ?? 0) - (run.startedAt ?? 0));
  const hold = `${held} of ${all.length} ${all.length === 1 ? 'proof holds' : 'proofs hold'}`;
  return [
    ...all.flatMap((process) => [
      rowOf(process, false, [], { symbols, width, now: run.endedAt ?? 0 }),
      ...process.steps.map((step) => [span(`      ${harmless(step)}`, 'dim')]),
      ...logLines(process, process.logs.length),
    ]),
    run.outcome === 'done'
      ? [span('Verified', 'good'), span(`: ${hold}, in ${total}.`)]
      : [
          span(run.outcome === 'interrupted' ? 'Interrupted' : 'Not verified', 'bad'),
          span(` after ${total}: ${hold}.`),
        ],
  ];
}
