import { join } from 'node:path';
import type { Command } from 'commander';
import { switchServices } from '../../operate/services.ts';
import { bringUp, type UpOptions } from '../bring-up.ts';
import { folderOption } from '../folder.ts';
import { type ServiceOptions, switchedBy, withServices } from '../services.ts';

/** `kollage up`: makes what runs equal to what the folder says. */
export function register(program: Command): void {
  const command = program
    .command('up')
    .description('make what runs equal to what the folder says')
    .addOption(folderOption())
    .option('-m, --message <text>', 'what the change is for, for the history')
    .option('--retry', 'try again what failed before and was taken back')
    .option('--take-over', 'on Kubernetes: take over the fields that somebody else has set')
    .option('-y, --yes', 'say yes to what hooks ask')
    .option('--json', 'events as JSON lines, for programs');
  withServices(command, '; written into kollage.yaml').action(async (options: UpOptions & ServiceOptions) => {
    const switched = await switchServices(options.folder, switchedBy(options));
    if (!options.json) process.stdout.write(switchedText(switched, options.folder));
    await bringUp(options);
  });
}

function switchedText(switched: ReadonlyMap<string, boolean>, folder: string): string {
  if (switched.size === 0) return '';
  const list = [...switched].map(([name, on]) => `${name}: ${on}`).join(', ');
  return `${join(folder, 'kollage.yaml')} now says, for this run and the next: ${list}\n`;
}
