import type { Command } from 'commander';
import { rollback } from '../../operate/rollback.ts';
import { confirming, saysYes } from '../ask.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { jsonReporter, personReporter } from '../live/reporter.ts';
import { count } from './history.ts';

interface Options {
  folder: string;
  json?: true;
  yes?: true;
  message?: string;
  restoreData?: true;
}

/** `kollage rollback`: back to an earlier revision, after showing what that changes and asking. */
export function register(program: Command): void {
  program
    .command('rollback')
    .description('go back to an earlier revision, or take back what is unfinished; asks first')
    .argument('[revision]', 'its number; the one before the last when not given', count)
    .addOption(folderOption())
    .option('-m, --message <text>', 'what it is for, for the history')
    .option(
      '--restore-data',
      'bring data back that newer programs have changed; what was written since is lost',
    )
    .option('-y, --yes', 'do not ask')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (to: number | undefined, { folder, json, yes, message, restoreData }: Options) => {
      const told = { out: process.stdout, paint: colours(process.stdout), env: process.env };
      const reporter = json ? jsonReporter(told) : personReporter(told);
      using interrupt = interruptible(() => reporter.stopping());
      try {
        const revision = await rollback({
          folder,
          to,
          why: message,
          restoreData,
          signal: interrupt.signal,
          emit: reporter.event,
          confirm: confirming(reporter, { ...(yes && { yes }), ...(json && { json }) }),
          planned: async (plan, desired) => {
            reporter.planned(plan, desired);
            if (yes || plan.changes.length === 0) return true;
            return saysYes(
              'rollback',
              restoreData
                ? 'Carry this out? Data that newer programs have changed becomes what it was.'
                : 'Carry this out? Data stays as it is now.',
            );
          },
        });
        reporter.done(revision);
      } catch (error) {
        if (!reporter.failed(error)) throw error;
        process.exitCode = 1;
      }
    });
}
