import type { Command } from 'commander';
import { pauseHealing } from '../../operate/heal/pause.ts';
import { pauseText } from '../../operate/heal/ward.ts';
import { duration } from '../duration.ts';
import { folderOption } from '../folder.ts';

interface Options {
  folder: string;
  for?: number;
  message: string;
}

/** `kollage pause`: whoever watches over the deployment (`kollage serve`) leaves it alone. */
export function register(program: Command): void {
  program
    .command('pause')
    .description('keep `kollage serve` from touching anything, until `kollage resume`')
    .addOption(folderOption())
    .option('--for <time>', 'only for so long: 10m, 2h, 1d', duration)
    .option('-m, --message <text>', 'why, for others to read', '')
    .action(async ({ folder, for: time, message }: Options) => {
      process.stdout.write(`${pauseText(await pauseHealing(folder, message, time ?? null))}\n`);
    });
}
