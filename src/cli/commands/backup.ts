import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { backup, bringIn, bringOut, dropBackups, listBackups } from '../../operate/backup.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { jsonReporter, personReporter } from '../live/reporter.ts';
import { steps } from '../live/steps.ts';
import { about, printBackups } from '../print/backups.ts';
import { count } from './history.ts';

interface Options {
  folder: string;
  list?: true;
  keep?: number;
  out?: string;
  to?: string;
  in?: string;
  delete?: string[];
  json?: true;
}

const actions = ['list', 'keep', 'out', 'in', 'delete'] as const;

/** `kollage backup`: copies data while it serves, and looks after the copies. */
export function register(program: Command): void {
  program
    .command('backup')
    .description('copy the data of services while they serve; list the copies, bring them out and in')
    .argument('[services...]', 'such as mariadb; all that can be backed up when none is named')
    .addOption(folderOption())
    .option('-l, --list', 'which backups there are')
    .option(
      '--keep <count>',
      'keep so many of each service, and take older ones away when this one is made',
      count,
    )
    .option('--out <backup>', 'write a backup (its name, or latest) into a file that only you can read')
    .option('--to <folder>', 'where --out writes the file; here when not given')
    .option('--in <file>', 'take in a backup that --out has written')
    .option('--delete <backups...>', 'take these backups away')
    .option('--json', 'for programs')
    .action(run);
}

async function run(services: readonly string[], options: Options): Promise<void> {
  const asked = actions.filter((action) => options[action] !== undefined);
  if (asked.length > 1)
    throw new KollageError({
      code: 'KLG-901',
      message: `--${asked[0]} and --${asked[1]} cannot be asked for at once`,
    });
  const { folder, json } = options;
  const say = (text: string, data: unknown) =>
    process.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : text);
  if (options.list) {
    const lists = [...(await listBackups(folder, services)).values()].flat();
    say(printBackups(lists, colours(process.stdout)), lists);
    return;
  }
  if (options.delete) {
    await dropBackups(folder, options.delete);
    say(options.delete.map((id) => `${id} is gone.\n`).join(''), { deleted: options.delete });
    return;
  }
  if (options.out === undefined && options.in === undefined) return make(services, options);
  using interrupt = interruptible(() => undefined);
  if (options.out !== undefined) {
    const path = await bringOut(folder, options.out, options.to ?? '.', interrupt.signal);
    say(`${path}: whoever can read it has all data, accounts and hashes of passwords.\n`, { file: path });
  } else {
    const came = await bringIn(folder, services, options.in ?? '', interrupt.signal);
    say(`${came.id}  ${about(came)}\n`, came);
  }
}

async function make(services: readonly string[], { folder, keep, json }: Options): Promise<void> {
  const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
  const reporter = json ? jsonReporter(to) : personReporter(to, steps);
  using interrupt = interruptible(() => reporter.stopping());
  try {
    const done = await backup({
      folder,
      services,
      keep,
      planned: reporter.follows,
      emit: reporter.event,
      signal: interrupt.signal,
    });
    reporter.done(null);
    for (const { made, dropped } of done) {
      if (json)
        to.out.write(`${JSON.stringify({ at: Date.now(), type: 'backup', backup: made, dropped })}\n`);
      else {
        to.out.write(`${made.id}  ${about(made)}\n`);
        for (const id of dropped) to.out.write(`${id} is gone: ${keep} are kept.\n`);
      }
    }
  } catch (error) {
    if (!reporter.failed(error)) throw error;
    process.exitCode = 1;
  }
}
