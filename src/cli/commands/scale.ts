import { join } from 'node:path';
import type { Command } from 'commander';
import { readReplicas, writeReplicas } from '../../operate/scale.ts';
import { bringUp, type UpOptions } from '../bring-up.ts';
import { folderOption } from '../folder.ts';

/** `kollage scale`: more or fewer instances of components, written into kollage.yaml and brought up. */
export function register(program: Command): void {
  program
    .command('scale')
    .description('run more or fewer instances of components; written into kollage.yaml')
    .argument('<component=number...>', 'such as glance/api=2; several with spaces between')
    .addOption(folderOption())
    .option('-m, --message <text>', 'what the change is for, for the history')
    .option('--retry', 'try again what failed before and was taken back')
    .option('-y, --yes', 'say yes to what hooks ask')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (words: string[], options: UpOptions) => {
      await writeReplicas(options.folder, readReplicas(words));
      const list = words.join(', ');
      if (!options.json)
        process.stdout.write(
          `${join(options.folder, 'kollage.yaml')} now says, for this run and the next: ${list}\n`,
        );
      await bringUp(options, `scale ${list}`);
    });
}
