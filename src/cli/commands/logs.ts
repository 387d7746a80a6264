import { type Command, InvalidArgumentError } from 'commander';
import { logs } from '../../operate/logs.ts';
import { colours } from '../colour.ts';
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
    .option('-f, --folder <folder>', 'the deployment folder', '.')
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

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function moment(text: string): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const time = ago ? Date.now() - Number(ago[1]) * (units[ago[2] ?? 's'] ?? 1000) : Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be such as 10m, 2h, or an ISO date.');
  return time;
}
