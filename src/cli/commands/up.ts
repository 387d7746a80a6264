import type { Command } from 'commander';
import { up } from '../../operate/up.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { jsonReporter, personReporter } from '../live/reporter.ts';

interface Options {
  folder: string;
  json?: true;
  message?: string;
}

/** `kollage up`: makes what runs equal to what the folder says. */
export function register(program: Command): void {
  program
    .command('up')
    .description('make what runs equal to what the folder says')
    .addOption(folderOption())
    .option('-m, --message <text>', 'what the change is for, for the history')
    .option('--json', 'events as JSON lines, for programs')
    .action(async ({ folder, json, message }: Options) => {
      const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
      const reporter = json ? jsonReporter(to) : personReporter(to);
      using interrupt = interruptible(() => reporter.stopping());
      try {
        const revision = await up({
          folder,
          why: message,
          signal: interrupt.signal,
          planned: reporter.planned,
          emit: reporter.event,
        });
        reporter.done(revision);
      } catch (error) {
        if (!reporter.failed(error)) throw error;
        process.exitCode = 1;
      }
    });
}
