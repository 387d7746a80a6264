import type { Needs } from '../../plan/timeline/needs.ts';
import type { Track } from '../../plan/timeline/track.ts';
import { steps } from './steps.ts';
import type { SummaryOptions } from './summary.ts';
import { type Line, seconds, span } from './text.ts';

/** What stays of a verification in the scrollback: each proof with its steps, and what it comes to. */
export function verdict(run: Track, needs: Needs, options: SummaryOptions): Line[] {
  const all = [...run.processes.values()];
  const held = all.filter(({ phase }) => phase === 'done').length;
  const total = seconds((run.endedAt ?? 0) - (run.startedAt ?? 0));
  const hold = `${held} of ${all.length} ${all.length === 1 ? 'proof holds' : 'proofs hold'}`;
  return [
    ...steps(run, needs, options),
    run.outcome === 'done'
      ? [span('Verified', 'good'), span(`: ${hold}, in ${total}.`)]
      : [
          span(run.outcome === 'interrupted' ? 'Interrupted' : 'Not verified', 'bad'),
          span(` after ${total}: ${hold}.`),
        ],
  ];
}
