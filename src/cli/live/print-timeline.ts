import type { RevisionTimeline } from '../../operate/timeline.ts';
import type { Paint } from '../colour.ts';
import { type ChartStyle, gantt } from './gantt.ts';
import { listed } from './summary.ts';
import { type Line, paintLine, span } from './text.ts';

/** The timeline of a revision for people: a head, the chart, the critical path and the slowest. Ends with a line break. */
export function printTimeline(revision: RevisionTimeline, style: ChartStyle, paint: Paint): string {
  const { timeline } = revision;
  const lines: Line[] =
    timeline === null
      ? [
          [
            span(`Revision ${revision.number}`, 'bold'),
            span(' has no timeline: its run was killed before anything happened.'),
          ],
        ]
      : [
          [
            span(timeline.deployment, 'bold'),
            span(
              `  revision ${revision.number}, release ${revision.release}, ${ended[timeline.outcome ?? 'cut']} `,
            ),
            span(`${timeline.seconds.toFixed(1)} s`, 'bold'),
            span(`  ${new Date(timeline.startedAt).toISOString()} by ${revision.by}`, 'dim'),
          ],
          ...gantt(timeline, style),
          ...listed('critical path', timed(timeline.criticalPath), style.symbols.arrow, style.columns),
          ...listed('slowest', timed(timeline.slowest), ', ', style.columns),
        ];
  return lines.map((line) => `${paintLine(line, style.columns, paint).trimEnd()}\n`).join('');
}

const ended = {
  done: 'done in',
  failed: 'failed after',
  reverted: 'failed and was taken back after',
  interrupted: 'interrupted after',
  cut: 'cut off after',
} as const;

function timed(steps: readonly { readonly id: string; readonly seconds: number }[]): string[] {
  return steps.map(({ id, seconds }) => `${id} ${seconds.toFixed(1)} s`);
}
