import { type Command, InvalidArgumentError } from 'commander';
import { timelineOf } from '../../operate/timeline.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printTimeline } from '../live/print-timeline.ts';
import { symbolsFor } from '../live/symbols.ts';

interface Options {
  folder: string;
  json?: true;
}

/** `kollage timeline`: what happened when a revision was applied. */
export function register(program: Command): void {
  program
    .command('timeline')
    .description('show who waited for whom when a revision was applied, and the critical path')
    .argument('[revision]', 'its number; the newest when not given', revisionNumber)
    .addOption(folderOption())
    .option('--json', 'for programs')
    .action(async (revision: number | undefined, { folder, json }: Options) => {
      const found = await timelineOf(folder, revision);
      const style = { symbols: symbolsFor(process.env), columns: process.stdout.columns || 100 };
      process.stdout.write(
        json ? `${JSON.stringify(found, null, 2)}\n` : printTimeline(found, style, colours(process.stdout)),
      );
    });
}

function revisionNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be the number of a revision.');
  return number;
}
