import type { KollageEvent } from '../../model/event.ts';
import { idOf, shortNeed } from '../../plan/timeline/names.ts';
import type { Paint } from '../colour.ts';
import { harmless } from '../live/text.ts';

/**
 * Prints events as lines, with the seconds since `begun` (milliseconds since the epoch). Gives nothing for what a person need not see, such as
 * a report of the same needs once more.
 */
export function eventPrinter(begun: number, paint: Paint): (event: KollageEvent) => string {
  const told = new Map<string, string>();
  return (event) => {
    const line = textOf(event, paint);
    if (line === null) return '';
    if ('instance' in event) {
      if (told.get(event.instance) === line) return '';
      told.set(event.instance, line);
    }
    return `${paint.dim(`${((event.at - begun) / 1000).toFixed(1).padStart(6)} s`)}  ${line}\n`;
  };
}

function textOf(event: KollageEvent, paint: Paint): string | null {
  switch (event.type) {
    case 'waiting':
      return event.needs.length === 0
        ? null
        : `${paint.yellow('waiting')}   ${idOf(event.key)}  for ${event.needs.map(shortNeed).join(', ')}`;
    case 'started':
      return `${paint.cyan('started')}   ${idOf(event.key)}`;
    case 'healthy':
      return `${paint.green('healthy')}   ${idOf(event.key)}`;
    case 'unhealthy':
      return `${paint.red('unhealthy')} ${idOf(event.key)}  ${harmless(event.why)}`;
    case 'exited':
      return event.code === 0 && event.key.startsWith('task:')
        ? `${paint.green('done')}      ${idOf(event.key)}`
        : `${paint.red('exited')}    ${idOf(event.key)}  with ${event.code}`;
    case 'stopping':
      return `${paint.yellow('stopping')}  ${idOf(event.key)}`;
    case 'stopped':
      return `${paint.cyan('stopped')}   ${idOf(event.key)}`;
    case 'step':
      return `${paint.cyan('step')}      ${idOf(event.key)}  ${harmless(event.text)}`;
    case 'change-failed':
      return [
        `${paint.red('failed')}    ${idOf(event.key)}  ${harmless(event.message)}`,
        ...event.logs.map((log) => `           ${paint.dim('|')} ${harmless(log)}`),
      ].join('\n');
    case 'taking-back':
      return `${paint.yellow('back')}      to revision ${event.to}  ${harmless(event.message)}`.trimEnd();
    default:
      return null;
  }
}
