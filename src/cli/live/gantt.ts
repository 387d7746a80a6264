import type { Timeline, TimelineRow } from '../../plan/timeline/timeline.ts';
import type { Symbols } from './symbols.ts';
import { cut, type Line, span } from './text.ts';

export interface ChartStyle {
  readonly symbols: Symbols;
  readonly columns: number;
}

/** Columns of a name at most, of the seconds, and of a bar at least. */
const nameMost = 28;
const timeColumns = 8;
const barLeast = 16;
/** Room for whom a process waited for, where there is enough. */
const whyMost = 32;

/**
 * A timeline as a chart: a line for each process, dotted while it waits, a bar while it runs, then its seconds and what it waited for
 * last (or waits for still). No line is wider than the terminal; a narrow one goes without the last column.
 */
export function gantt(timeline: Timeline, style: ChartStyle): Line[] {
  const { processes, seconds } = timeline;
  const longest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const name = Math.min(nameMost, longest(processes.map((row) => row.id)));
  const why = Math.min(whyMost, longest(processes.map(whyText)));
  const rest = style.columns - 2 - name - 2 - timeColumns;
  const wide = rest - why >= barLeast * 2;
  const bar = Math.max(barLeast, wide ? rest - why : rest);
  const scale = bar / Math.max(seconds, 0.001);
  return [
    [span(' '.repeat(2 + name + 1)), span(axis(seconds, bar), 'dim')],
    ...processes.map((row) => [
      span(row.critical ? `${style.symbols.critical} ` : '  ', 'mark'),
      span(cut(row.id, name).padEnd(name), row.critical ? 'mark' : 'plain'),
      span(' '),
      ...bars(row, { scale, bar, end: seconds, symbols: style.symbols }),
      span(timeText(row, seconds).padStart(timeColumns), row.outcome === 'failed' ? 'bad' : 'plain'),
      span(wide ? cut(whyText(row), why) : '', 'dim'),
    ]),
  ];
}

function bars(
  row: TimelineRow,
  { scale, bar, end, symbols }: { scale: number; bar: number; end: number; symbols: Symbols },
): Line {
  const column = (at: number) => Math.min(bar, Math.max(0, Math.round(at * scale)));
  const start = row.started ?? row.ended ?? end;
  // What took no time to speak of is seen all the same.
  const until = row.started === null ? column(start) : Math.max(column(row.ended ?? end), column(start) + 1);
  const from = Math.min(column(start), row.started === null ? bar : bar - 1);
  const begin = Math.min(column(row.created), from);
  const filled = Math.max(0, Math.min(until, bar) - from);
  return [
    span(' '.repeat(begin)),
    span(symbols.wait.repeat(from - begin), 'dim'),
    span(symbols.bar.repeat(filled), toneOf(row)),
    span(' '.repeat(bar - from - filled)),
  ];
}

function toneOf(row: TimelineRow): 'bad' | 'mark' | 'good' | 'busy' {
  if (row.outcome === 'failed') return 'bad';
  return row.critical ? 'mark' : row.kind === 'task' ? 'busy' : 'good';
}

/** Whom it waited for last; for what never started, what it waited for to the end. */
function whyText(row: TimelineRow): string {
  const open = row.waiting.flatMap(({ need, to }) => (to === null ? [need] : []));
  if (row.started === null && open.length > 0) return `  for ${open.join(', ')}`;
  return row.after === null ? '' : `  after ${row.after}`;
}

function timeText(row: TimelineRow, end: number): string {
  return row.started === null ? '-' : `${((row.ended ?? end) - row.started).toFixed(1)} s`;
}

/** Seconds above the chart, at round steps that leave room for their numbers. */
function axis(seconds: number, bar: number): string {
  const least = (seconds * 8) / bar;
  const steps = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((step) => step >= least) ?? least;
  let text = '';
  for (let at = 0; at <= seconds; at += step) {
    const column = Math.round((at / Math.max(seconds, 0.001)) * bar);
    const label = `${Number(at.toFixed(1))}`;
    if (column + label.length > bar) break;
    text = text.padEnd(column) + label;
  }
  return `${text} s`;
}
