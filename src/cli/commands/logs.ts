import { type Command, InvalidArgumentError } from 'commander';
import { logs } from '../../operate/logs.ts';
import { colours } from '../colour.ts';
import { moment } from '../duration.ts';
import { folderOption } from '../folder.ts';
import { Grouped } from '../live/grouped.ts';

interface Options {
  folder: string;
  follow?: true;
  tail?: number;
  since?: number;
}

/** `kollage logs`: what containers print, each line with whose it is; following as they come, else one process after the other. */
export function register(program: Command): void {
  program
    .command('logs')
    .description('print the logs of everything, or of the services, components or tasks named')
    .argument('[names...]', 'such as nova, nova/api, keystone/db-sync')
    .addOption(folderOption())
    .option('--follow', 'go on as they are written')
    .option('--tail <lines>', 'only the last lines of each', whole)
    .option('--since <time>', 'from a time on: 10m, 2h, or an ISO date', moment)
    .action(async (names: string[], options: Options) => {
      const interrupt = new AbortController();
      process.once('SIGINT', () => interrupt.abort());
      const paint = colours(process.stdout);
      const { folder, follow = false, tail, since } = options;
      const print = (of: string, text: string) => process.stdout.write(`${paint.cyan(of)} ${text}\n`);
      const grouped = new Grouped();
      try {
        await logs({ folder, names, follow, tail, since }, follow ? print : grouped.add, interrupt.signal);
      } finally {
        // What was read before something went wrong is worth reading.
        grouped.flush(print);
      }
    });
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('It must be a whole number.');
  return number;
}
