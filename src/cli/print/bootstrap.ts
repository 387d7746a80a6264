import type { BootstrapEvent } from '../../operate/bootstrap.ts';
import type { Paint } from '../colour.ts';
import { harmless } from '../live/text.ts';

/** One line for each thing that was done; none for what was right already. */
export function eventText(event: BootstrapEvent, paint: Paint): string {
  switch (event.type) {
    case 'made':
      return event.how === 'unchanged'
        ? ''
        : `${paint.yellow(event.how.padEnd(9))} ${event.kind} on ${event.host}\n`;
    case 'answers':
      return `${paint.green('answers'.padEnd(9))} ${event.kind} on ${event.host}  ${paint.dim(event.address)}\n`;
    case 'log':
      return `${' '.repeat(9)} ${paint.dim(`${event.kind} on ${event.host} |`)} ${harmless(event.line)}\n`;
    case 'removed':
      return `${paint.yellow('removed'.padEnd(9))} ${event.what} on ${event.host}\n`;
  }
}
