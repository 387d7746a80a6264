import type { Process } from '../../plan/timeline/track.ts';
import type { Symbols } from './symbols.ts';
import { harmless, type Line, seconds, span, type Tone } from './text.ts';

export interface RowStyle {
  readonly symbols: Symbols;
  /** Columns of the longest id. */
  readonly width: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The line of one process: a mark when it is on the critical path, how far it is, for how long, and what holds it up. */
export function rowOf(
  process: Process,
  critical: boolean,
  held: readonly string[],
  { symbols, width, now }: RowStyle,
): Line {
  const { sign, tone, word, time, detail } = stateOf(process, held, now, symbols);
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

function stateOf(process: Process, held: readonly string[], now: number, symbols: Symbols): Shown {
  const { kind, action, createdAt, startedAt, endedAt } = process;
  const begin = startedAt ?? createdAt;
  const died =
    process.deaths > 0
      ? `ended with ${process.code}${process.deaths > 1 ? `, ${process.deaths} times` : ''}`
      : '';
  switch (process.phase) {
    case 'created':
    case 'waiting': {
      const word = process.phase === 'created' && held.length === 0 ? 'creating' : 'waiting';
      const detail = held.length > 0 ? `for ${held.join(', ')}` : died && `${died}; starts again`;
      const tone = word === 'creating' ? 'dim' : 'wait';
      return { sign: symbols.waiting, tone, word, time: seconds(now - createdAt), detail };
    }
    case 'stopping': {
      const time = seconds(now - (process.stoppingAt ?? createdAt));
      return { sign: symbols.running, tone: 'wait', word: 'stopping', time, detail: '' };
    }
    case 'running': {
      const word = action === 'delete' ? 'stopping' : kind === 'task' ? 'running' : 'starting';
      return {
        sign: symbols.running,
        tone: 'busy',
        word,
        time: seconds(now - begin),
        detail: died || harmless(process.steps.at(-1) ?? ''),
      };
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
      // The line begins with the id already.
      const said = process.message.startsWith(`${process.id} `);
      const detail = harmless(said ? process.message.slice(process.id.length + 1) : process.message);
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
