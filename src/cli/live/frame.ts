import { type Emerging, emergingPath } from '../../plan/timeline/emerging.ts';
import { heldBy } from '../../plan/timeline/held.ts';
import type { Needs } from '../../plan/timeline/needs.ts';
import { type Process, type Track, withStarts } from '../../plan/timeline/track.ts';
import { logLines, rowOf } from './rows.ts';
import type { Symbols } from './symbols.ts';
import { cutStart, type Line, seconds, span, widthOf } from './text.ts';

export interface View {
  readonly run: Track;
  readonly needs: Needs;
  readonly symbols: Symbols;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly columns: number;
  /** Lines that there is room for. */
  readonly height: number;
  /** Whether the run was told to stop. */
  readonly stopping: boolean;
}

/** Lines of a log that a failure shows while the run goes on. */
const logsShown = 5;

/**
 * The live view: a head with the clock, then what failed, runs, waits and has ended, one line each, and the critical path as it emerges. Never more
 * lines than the height: what has ended becomes one line first, then what waits, then what runs.
 */
export function frame({ run: told, ...rest }: View): Line[] {
  const view = { ...rest, run: withStarts(told, rest.needs.of) };
  const { run, needs, now } = view;
  const path = emergingPath(run, needs, now);
  const critical = new Set([...path.steps.map((step) => step.process), ...path.ahead]);
  const head = headOf(view);
  const foot = pathOf(path, view);
  const body = bodyOf(view, critical, Math.max(0, view.height - 1 - foot.length));
  return [head, ...body, ...foot].slice(0, view.height);
}

function headOf({ run, now, stopping }: View): Line {
  const all = [...run.processes.values()];
  const count = (phase: Process['phase']) => all.filter((process) => process.phase === phase).length;
  const failed = count('failed');
  return [
    span(run.deployment, 'bold'),
    span(`  ${seconds((run.endedAt ?? now) - (run.startedAt ?? now))}`),
    span(`  ${count('done')} of ${all.length} done`, 'good'),
    span(failed > 0 ? `, ${failed} failed` : '', 'bad'),
    span(run.failures.length > 0 ? '  going back to what ran before' : '', 'wait'),
    span(stopping ? '  stopping; Ctrl-C again leaves at once' : '', 'wait'),
  ];
}

/** Processes in groups: what needs eyes first stands first. Within a group by time; what ended last stands first. */
function bodyOf(view: View, critical: ReadonlySet<Process>, room: number): Line[] {
  const all = [...view.run.processes.values()];
  const width = Math.max(0, ...[...view.run.failures, ...all].map((process) => widthOf(process.id)));
  const row = (process: Process) =>
    rowOf(process, critical.has(process), heldBy(process, view.run, view.needs), { ...view, width });
  const of = (...phases: readonly Process['phase'][]) =>
    all.filter((process) => phases.includes(process.phase));
  const failed = [...view.run.failures, ...of('failed')].flatMap((process) => [
    row(process),
    ...logLines(process, logsShown),
  ]);
  const running = of('running', 'stopping').sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  // What the critical path comes to next stands where it is seen.
  const waiting = of('created', 'waiting').sort((a, b) => Number(critical.has(b)) - Number(critical.has(a)));
  const done = of('done').sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const groups = [
    { lines: failed, word: 'lines' },
    { lines: running.map(row), word: 'run' },
    { lines: waiting.map(row), word: 'wait' },
    { lines: done.map(row), word: 'done' },
  ].filter((group) => group.lines.length > 0);
  let left = room;
  return groups.flatMap(({ lines, word }, index) => {
    // A line is kept for each group that follows.
    const share = Math.max(0, left - (groups.length - 1 - index));
    const fitting = folded(lines, word, share).slice(0, left);
    left -= fitting.length;
    return fitting;
  });
}

/** The lines, or as many as there is room for and how many there are beside them. */
function folded(lines: readonly Line[], word: string, room: number): readonly Line[] {
  if (lines.length <= room) return lines;
  const shown = lines.slice(0, Math.max(0, room - 1));
  const more = `    ${lines.length - shown.length} ${shown.length > 0 ? 'more ' : ''}${word}`;
  return [...shown, [span(more, 'dim')]];
}

/** The critical path in one line: its end is what happens now, so the end is what stays where there is no room for all. */
function pathOf({ steps, ahead }: Emerging, { columns, symbols }: View): Line[] {
  if (steps.length + ahead.length < 2) return [];
  const title = ' critical path  ';
  const past = steps
    .map(({ process, milliseconds }) => `${process.id} ${seconds(milliseconds)}`)
    .join(symbols.arrow);
  const next = ahead.map((process) => `${symbols.arrow}${process.id}`).join('');
  const room = Math.max(0, columns - 1 - title.length);
  return [
    [
      span(symbols.critical, 'mark'),
      span(title, 'dim'),
      span(cutStart(past, Math.max(room - widthOf(next), Math.floor(room / 2))), 'mark'),
      span(next, 'dim'),
    ],
  ];
}
