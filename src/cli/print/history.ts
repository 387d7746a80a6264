import type { HistoryRow } from '../../operate/history.ts';
import type { RevisionStatus } from '../../state/store.ts';
import type { Paint } from '../colour.ts';
import { harmless } from '../live/text.ts';

const tones: Readonly<Record<RevisionStatus, keyof Paint>> = {
  applying: 'yellow',
  reverting: 'yellow',
  done: 'green',
  failed: 'red',
  reverted: 'red',
};

/** Names of services that one line shows. */
const most = 6;

/** The history for people: a line for each revision, and below it why it failed. Ends with a line break. */
export function printHistory(rows: readonly HistoryRow[], paint: Paint): string {
  const width = (of: (row: HistoryRow) => string) => Math.max(0, ...rows.map((row) => of(row).length));
  const [numbers, people] = [width((row) => String(row.number)), width((row) => row.by)];
  const lines = rows.map((row) => {
    const parts = [
      paint.bold(String(row.number).padStart(numbers)),
      new Date(row.at).toISOString().slice(0, 19).replace('T', ' '),
      coloured(paint, row.status),
      harmless(row.by).padEnd(people),
      paint.dim(row.base === null ? `first: ${named(row.services)}` : named(row.services)),
      harmless(row.why),
    ];
    const failure =
      row.failure === null ? '' : `${' '.repeat(numbers)}  ${paint.dim(harmless(row.failure))}\n`;
    return `${parts.join('  ').trimEnd()}\n${failure}`;
  });
  return lines.join('');
}

function coloured(paint: Paint, status: RevisionStatus): string {
  const colour = paint[tones[status]];
  const text = status.padEnd('reverting'.length);
  return typeof colour === 'function' ? colour(text) : text;
}

function named(services: readonly string[]): string {
  const more = services.length - most;
  return services.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
