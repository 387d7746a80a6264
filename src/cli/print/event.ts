import type { KollageEvent } from '../../model/event.ts';
import type { Paint } from '../colour.ts';

/** One line for an event, with the seconds since the run began; empty for what a person need not see. */
export function printEvent(event: KollageEvent, begun: number, paint: Paint): string {
  const line = textOf(event, paint);
  if (line === null) return '';
  return `${paint.dim(`${((event.at - begun) / 1000).toFixed(1).padStart(6)} s`)}  ${line}\n`;
}

function textOf(event: KollageEvent, paint: Paint): string | null {
  switch (event.type) {
    case 'waiting':
      return `${paint.yellow('waiting')}   ${event.key}  for ${event.needs.join(', ')}`;
    case 'started':
      return `${paint.cyan('started')}   ${event.key}`;
    case 'healthy':
      return `${paint.green('healthy')}   ${event.key}`;
    case 'unhealthy':
      return `${paint.red('unhealthy')} ${event.key}  ${event.why}`;
    case 'exited':
      return event.code === 0
        ? `${paint.green('done')}      ${event.key}`
        : `${paint.red('exited')}    ${event.key}  with ${event.code}`;
    case 'change-failed':
      return [
        `${paint.red('failed')}    ${event.key}  ${event.message}`,
        ...event.logs.map((log) => `           ${paint.dim('|')} ${log}`),
      ].join('\n');
    default:
      return null;
  }
}
