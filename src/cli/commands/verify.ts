import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { verify } from '../../operate/verify.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { jsonReporter, personReporter } from '../live/reporter.ts';
import { verdict } from '../live/verdict.ts';

interface Options {
  folder: string;
  json?: true;
  screenshots?: string;
}

/** `kollage verify`: proves what runs by using it. Exit code 1 when a proof fails. */
export function register(program: Command): void {
  program
    .command('verify')
    .description('prove that what runs does what its users want of it, by using it')
    .argument('[names...]', 'services or their proofs; all when none is named')
    .addOption(folderOption())
    .option('--screenshots <folder>', 'where to put the pictures that proofs take')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (names: string[], { folder, json, screenshots }: Options) => {
      const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
      const reporter = json ? jsonReporter(to) : personReporter(to, verdict);
      using interrupt = interruptible(() => reporter.stopping());
      try {
        await verify({
          folder,
          names,
          signal: interrupt.signal,
          planned: reporter.follows,
          emit: reporter.event,
          file: screenshots === undefined ? () => undefined : writer(screenshots),
        });
        reporter.done(null);
      } catch (error) {
        if (!reporter.failed(error)) throw error;
        process.exitCode = 1;
      }
    });
}

/** Writes files into a folder, which is made where it is missing; at once, so that a mistake is known before a proof runs. KLG-903. */
function writer(folder: string): (name: string, content: Buffer) => void {
  const put = (act: () => void) => {
    try {
      act();
    } catch (error) {
      const message = `${folder}: ${error instanceof Error ? error.message : String(error)}`;
      throw new KollageError({ code: 'KLG-903', message }, { cause: error });
    }
  };
  put(() => mkdirSync(folder, { recursive: true }));
  return (name, content) => put(() => writeFileSync(join(folder, name), content));
}
