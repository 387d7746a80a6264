import { type Command, InvalidArgumentError } from 'commander';
import { historyOf } from '../../operate/history.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printHistory } from '../print/history.ts';

interface Options {
  folder: string;
  json?: true;
  number: number;
}

/** `kollage history`: the revisions, the newest first. */
export function register(program: Command): void {
  program
    .command('history')
    .description('show what was applied: when, by whom, why, what it concerned, and what became of it')
    .addOption(folderOption())
    .option('-n, --number <count>', 'how many revisions to show', count, 20)
    .option('--json', 'for programs')
    .action(async ({ folder, json, number }: Options) => {
      const rows = await historyOf(folder, number);
      process.stdout.write(
        json ? `${JSON.stringify(rows, null, 2)}\n` : printHistory(rows, colours(process.stdout)),
      );
    });
}

/** A whole number from 1. */
export function count(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number from 1.');
  return number;
}
