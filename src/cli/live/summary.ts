import { criticalPath } from '../../plan/timeline/critical.ts';
import { heldBy } from '../../plan/timeline/held.ts';
import type { Needs } from '../../plan/timeline/needs.ts';
import { type Process, type Track, withStarts } from '../../plan/timeline/track.ts';
import { logLines, rowOf } from './rows.ts';
import type { Symbols } from './symbols.ts';
import { type Line, seconds, span, wrap } from './text.ts';

/** How many of the slowest are named. */
const slow = 5;
const indent = '  ';
const label = 15;

export interface SummaryOptions {
  readonly symbols: Symbols;
  readonly columns: number;
  /** Null when none was applied whole. */
  readonly revision: number | null;
}

/** What stays of a run in the scrollback: how it ended, for what its time passed, and what failed, with its log. */
export function summary(told: Track, needs: Needs, options: SummaryOptions): Line[] {
  const { symbols, columns, revision } = options;
  const run = withStarts(told, needs.of);
  const all = [...run.processes.values()];
  const total = seconds((run.endedAt ?? 0) - (run.startedAt ?? 0));
  const ended = (process: Process) => process.phase === 'done' || process.phase === 'failed';
  const done = `${all.filter((process) => process.phase === 'done').length} of ${all.length} done`;
  const which = revision === null ? '' : `revision ${revision} `;
  if (run.outcome === 'done') {
    const path = criticalPath(run, needs).map(
      ({ process, milliseconds }) => `${process.id} ${seconds(milliseconds)}`,
    );
    return [
      [span('Done', 'good'), span(`: ${which}in ${total}, ${done}.`)],
      ...listed('critical path', path, symbols.arrow, columns),
      ...listed('slowest', slowest(all), ', ', columns),
    ];
  }
  const failed = [...run.failures, ...all.filter((process) => process.phase === 'failed')];
  const width = Math.max(0, ...failed.map((process) => process.id.length));
  const word = run.outcome === 'interrupted' ? 'Interrupted' : 'Failed';
  const back = run.outcome === 'reverted' ? ' Taken back: what ran before runs.' : '';
  const open = all.filter((process) => !ended(process));
  return [
    [span(word, run.outcome === 'interrupted' ? 'wait' : 'bad'), span(` after ${total}, ${done}.${back}`)],
    ...failed.flatMap((process) => [
      rowOf(process, false, [], { symbols, width, now: run.endedAt ?? 0 }),
      ...logLines(process, process.logs.length),
    ]),
    ...listed(
      'not finished',
      open.map((process) => openText(process, heldBy(process, run, needs))),
      ', ',
      columns,
    ),
  ];
}

function slowest(all: readonly Process[]): string[] {
  return all
    .flatMap(({ id, startedAt, endedAt }) =>
      startedAt === null || endedAt === null ? [] : [{ id, time: endedAt - startedAt }],
    )
    .sort((a, b) => b.time - a.time)
    .slice(0, slow)
    .map(({ id, time }) => `${id} ${seconds(time)}`);
}

/** Something that did not end: what held it up tells what stood in its way. */
function openText(process: Process, held: readonly string[]): string {
  return held.length > 0 ? `${process.id} (waits for ${held.join(', ')})` : process.id;
}

/** A titled list of words, broken into lines that fit the columns where they can. */
export function listed(title: string, words: readonly string[], between: string, columns: number): Line[] {
  if (words.length === 0) return [];
  return wrap(words, between, Math.max(20, columns - label - indent.length)).map((line, index) => [
    span(`${indent}${(index === 0 ? title : '').padEnd(label)}`, 'dim'),
    span(line),
  ]);
}
