import { setTimeout as pause } from 'node:timers/promises';
import { KollageError } from '../../model/error.ts';
import type { Status } from '../../operate/status.ts';
import type { Paint } from '../colour.ts';
import { Screen } from './screen.ts';
import { statusLines } from './status-table.ts';
import { type Line, paintLine, span } from './text.ts';

/** Milliseconds between the end of one look and the next. */
const lookEvery = 1000;

export interface Watching {
  readonly look: () => Promise<Status>;
  readonly out: NodeJS.WriteStream;
  readonly paint: Paint;
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/**
 * Looks again and again until the signal; gives what was seen last. On a terminal the same place is drawn over; elsewhere, and as JSON lines, what
 * has changed is printed. What goes wrong at the first look is thrown; later, such as when the engine restarts, it is shown.
 */
export async function watchStatus({ look, out, paint, json, signal }: Watching): Promise<Status> {
  let now = await look();
  const screen = !json && out.isTTY ? new Screen(out) : undefined;
  const leave = () => screen?.leave();
  process.on('exit', leave);
  let shown = '';
  let trouble = '';
  const show = () => {
    if (screen) {
      const lines = [...warning(trouble), ...statusLines(now, screen.rows - 1 - (trouble ? 1 : 0))];
      screen.draw(lines.map((line) => paintLine(line, screen.columns, paint).trimEnd()));
      return;
    }
    const lines = [...warning(trouble), ...statusLines(now)];
    const text = json
      ? JSON.stringify(trouble ? { error: trouble } : now)
      : lines.map((line) => paintLine(line, Number.POSITIVE_INFINITY, paint).trimEnd()).join('\n');
    if (text !== shown) out.write(`${text}\n`);
    shown = text;
  };
  const redraw = () => screen && show();
  out.on('resize', redraw);
  try {
    while (!signal.aborted) {
      show();
      await pause(lookEvery, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      try {
        now = await look();
        trouble = '';
      } catch (error) {
        trouble = error instanceof KollageError ? `error[${error.code}] ${error.message}` : String(error);
      }
    }
    return now;
  } finally {
    out.off('resize', redraw);
    leave();
    process.off('exit', leave);
  }
}

function warning(trouble: string): Line[] {
  return trouble ? [[span(trouble, 'bad')]] : [];
}
