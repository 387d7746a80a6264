import { type Process, waitsFor } from '../../plan/timeline/track.ts';
import type { Symbols } from './symbols.ts';
import { harmless, type Line, seconds, span, type Tone } from './text.ts';

export interface RowStyle {
  readonly symbols: Symbols;
  /** Columns of the longest id. */
  readonly width: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The line of one process: a mark when it is on the critical path, how far it is, for how long, and why. */
export function rowOf(process: Process, critical: boolean, { symbols, width, now }: RowStyle): Line {
  const { sign, tone, word, time, detail } = stateOf(process, now, symbols);
  return [
    span(critical ? `${symbols.critical} ` : '  ', 'mark'),
    span(`${sign} `, tone),
    span(process.id.padEnd(width), critical ? 'mark' : 'plain'),
    span(`  ${word.padEnd(8)}`, tone),
    span(time.padStart(9)),
    span(detail ? `  ${detail}` : '', process.phase === 'failed' ? 'bad' : 'dim'),
  ];
}

/** The last lines of the log of a process that failed. */
export function logLines(process: Process, most: number): Line[] {
  return process.logs
    .slice(Math.max(0, process.logs.length - most))
    .map((log) => [span(`      | ${harmless(log)}`, 'dim')]);
}

interface Shown {
  readonly sign: string;
  readonly tone: Tone;
  readonly word: string;
  readonly time: string;
  readonly detail: string;
}

function stateOf(process: Process, now: number, symbols: Symbols): Shown {
  const { kind, action, createdAt, startedAt, endedAt } = process;
  const begin = startedAt ?? createdAt;
  const died =
    process.deaths > 0
      ? `ended with ${process.code}${process.deaths > 1 ? `, ${process.deaths} times` : ''}`
      : '';
  switch (process.phase) {
    case 'created':
      return {
        sign: symbols.waiting,
        tone: 'dim',
        word: 'creating',
        time: seconds(now - createdAt),
        detail: '',
      };
    case 'waiting': {
      const needs = waitsFor(process).join(', ');
      const detail = needs ? `for ${needs}` : died && `${died}; starts again`;
      return { sign: symbols.waiting, tone: 'wait', word: 'waiting', time: seconds(now - createdAt), detail };
    }
    case 'running': {
      const word = action === 'delete' ? 'stopping' : kind === 'task' ? 'running' : 'starting';
      return { sign: symbols.running, tone: 'busy', word, time: seconds(now - begin), detail: died };
    }
    case 'done': {
      const word = action === 'delete' ? 'gone' : kind === 'task' ? 'done' : 'healthy';
      return {
        sign: symbols.done,
        tone: 'good',
        word,
        time: seconds((endedAt ?? begin) - begin),
        detail: died,
      };
    }
    case 'failed': {
      const detail = harmless(process.message);
      return {
        sign: symbols.failed,
        tone: 'bad',
        word: 'failed',
        time: seconds((endedAt ?? begin) - begin),
        detail,
      };
    }
  }
}
