import { type Command, InvalidArgumentError } from 'commander';
import { type HealEvent, heal } from '../../operate/heal/heal.ts';
import { openWard } from '../../operate/heal/ward.ts';
import { idOf } from '../../plan/timeline/names.ts';
import { colours, type Paint } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { harmless } from '../live/text.ts';

interface Options {
  folder: string;
  every: number;
  json?: true;
}

/** `kollage serve`: watches over what runs until it is stopped; exit code 1 when it leaves something behind that it could not mend. */
export function register(program: Command): void {
  program
    .command('serve')
    .description('watch over what runs, and start anew what is dead or does not answer')
    .addOption(folderOption())
    .option('--every <seconds>', 'seconds between two looks', seconds, 5)
    .option('--json', 'events as JSON lines, for programs')
    .action(async ({ folder, every, json }: Options) => {
      const { stdout } = process;
      using interrupt = interruptible(() => undefined);
      const { signal } = interrupt;
      await using ward = await openWard({ folder, every: every * 1000, signal });
      const paint = colours(stdout);
      const emit = (event: HealEvent) =>
        stdout.write(json ? `${JSON.stringify(event)}\n` : textOf(event, paint));
      const givenUp = await heal({ ward, emit, signal, now: Date.now });
      process.exitCode = givenUp.length === 0 ? 0 : 1;
    });
}

function seconds(text: string): number {
  const number = Number(text);
  if (!(number >= 1 && number <= 3600)) throw new InvalidArgumentError('It must be a number from 1 to 3600.');
  return number;
}

function textOf(event: HealEvent, paint: Paint): string {
  const line = lineOf(event, paint);
  return line === null ? '' : `${paint.dim(new Date(event.at).toISOString())}  ${line}\n`;
}

function lineOf(event: HealEvent, paint: Paint): string | null {
  switch (event.type) {
    case 'unhealthy':
      return `${paint.red('unhealthy')} ${event.instance}  ${harmless(event.why)}`;
    case 'healthy':
      return `${paint.green('healthy')}   ${event.instance}`;
    case 'change-started':
      return `${paint.yellow('restart')}   ${idOf(event.key)}`;
    case 'change-failed':
      return `${paint.red('failed')}    ${idOf(event.key)}  ${harmless(event.message)}`;
    case 'gave-up':
      return [
        `${paint.red('GAVE UP')}   ${event.instance}  started anew ${event.treatments} times and still not well: ${harmless(event.why)}`,
        ...event.logs.map((log) => `           ${paint.dim('|')} ${harmless(log)}`),
      ].join('\n');
    case 'changed':
      return `${paint.yellow('changed')}   ${event.instance}  ${harmless(event.why)}: kollage up puts it right`;
    case 'held':
      return `${paint.yellow('held')}      ${harmless(event.why)}`;
    case 'resumed':
      return `${paint.green('goes on')}`;
    default:
      return null;
  }
}
