import type { Command } from 'commander';
import { resumeHealing } from '../../operate/heal/pause.ts';
import { folderOption } from '../folder.ts';

/** `kollage resume`: takes a pause back. */
export function register(program: Command): void {
  program
    .command('resume')
    .description('let `kollage serve` go on after `kollage pause`')
    .addOption(folderOption())
    .action(async ({ folder }: { folder: string }) => {
      const was = await resumeHealing(folder);
      process.stdout.write(was ? 'kollage serve goes on\n' : 'nothing was paused\n');
    });
}
