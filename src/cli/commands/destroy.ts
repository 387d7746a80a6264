import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { destroy } from '../../operate/destroy.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { eventPrinter } from '../print/event.ts';

interface Options {
  folder: string;
  yes?: true;
  keepData?: true;
}

/** `kollage destroy`: takes everything of a deployment away, after asking. */
export function register(program: Command): void {
  program
    .command('destroy')
    .description('take away everything of the deployment; asks first')
    .addOption(folderOption())
    .option('-y, --yes', 'do not ask')
    .option('--keep-data', 'keep the volumes')
    .action(async (options: Options) => {
      if (!options.yes) await ask(options);
      const line = eventPrinter(Date.now(), colours(process.stdout));
      const { name, left } = await destroy(options.folder, {
        data: options.keepData ?? false,
        emit: (event) => void process.stdout.write(line(event)),
      });
      for (const why of left) process.stderr.write(`${why}\n`);
      process.stdout.write(`${name} is gone${options.keepData ? '; its volumes are kept' : ''}.\n`);
    });
}

async function ask(options: Options): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new KollageError({
      code: 'KLG-901',
      message: 'destroy asks before it acts, and nobody can answer here',
      next: 'Give --yes.',
    });
  }
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const what = options.keepData ? 'its containers' : 'its containers and ALL ITS DATA';
  const answer = await reader.question(`Take the deployment in ${options.folder} away, ${what}? Type yes: `);
  reader.close();
  if (answer.trim() !== 'yes')
    throw new KollageError({ code: 'KLG-901', message: 'not destroyed: the answer was not yes' });
}
