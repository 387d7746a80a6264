import type { Command } from 'commander';
import { diffOf } from '../../operate/diff.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printPlan } from '../print/plan.ts';
import { count } from './history.ts';

interface Options {
  folder: string;
  json?: true;
  verbose?: true;
}

/** `kollage diff`: what differs between two revisions, or a revision and the folder. */
export function register(program: Command): void {
  program
    .command('diff')
    .description('show what differs between two revisions, or between a revision and the folder')
    .argument('<from>', 'the number of a revision', count)
    .argument('[to]', 'the number of another; what the folder says when not given', count)
    .addOption(folderOption())
    .option('--json', 'for programs')
    .option('-v, --verbose', 'every reason of every change')
    .action(async (from: number, to: number | undefined, { folder, json, verbose }: Options) => {
      const plan = await diffOf(folder, from, to);
      const colour = colours(process.stdout).isColorSupported;
      const width = process.stdout.columns ?? 100;
      process.stdout.write(
        json
          ? `${JSON.stringify(plan, null, 2)}\n`
          : printPlan(plan, { colour, width, verbose: verbose ?? false }),
      );
    });
}
