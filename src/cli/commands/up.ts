import type { Command } from 'commander';
import { up } from '../../operate/up.ts';
import { colours } from '../colour.ts';
import { printEvent } from '../print/event.ts';
import { printPlan } from '../print/plan.ts';

interface Options {
  folder: string;
  json?: true;
}

/** `kollage up`: makes what runs equal to what the folder says. */
export function register(program: Command): void {
  program
    .command('up')
    .description('make what runs equal to what the folder says')
    .option('-f, --folder <folder>', 'the deployment folder', '.')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (options: Options) => {
      const paint = colours(process.stdout);
      const interrupt = new AbortController();
      const stop = () => interrupt.abort();
      process.once('SIGINT', stop).once('SIGTERM', stop);
      const begun = Date.now();
      const number = await up({
        folder: options.folder,
        signal: interrupt.signal,
        planned: (plan) => {
          if (!options.json)
            process.stdout.write(
              printPlan(plan, { colour: paint.isColorSupported, width: process.stdout.columns ?? 100 }),
            );
        },
        emit: (event) => {
          const text = options.json ? `${JSON.stringify(event)}\n` : printEvent(event, begun, paint);
          if (text) process.stdout.write(text);
        },
      });
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (options.json) return;
      const seconds = ((Date.now() - begun) / 1000).toFixed(1);
      process.stdout.write(
        number === null
          ? 'Nothing to do.\n'
          : `${paint.green('Done')}: revision ${number} in ${seconds} s.\n`,
      );
    });
}
