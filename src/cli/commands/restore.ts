import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { restore } from '../../operate/restore.ts';
import { saysYes } from '../ask.ts';
import { folderOption } from '../folder.ts';
import { twoRuns } from '../live/two-runs.ts';
import { about } from '../print/backups.ts';

interface Options {
  folder: string;
  message?: string;
  yes?: true;
  json?: true;
}

/** `kollage restore`: a backup in the place of a service's data. Exit code 1 when it is refused, not agreed to, or fails. */
export function register(program: Command): void {
  program
    .command('restore')
    .description('put a backup in the place of what a service has now; asks first')
    .argument('<service>', 'such as mariadb')
    .argument('<backup>', 'its name, as `kollage backup --list` has it, or latest')
    .addOption(folderOption())
    .option('-m, --message <text>', 'what it is for, for the history')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (service: string, name: string, { folder, message, yes, json }: Options) => {
      await twoRuns(json === true, async (runs) => {
        const revision = await restore({
          folder,
          service,
          backup: name,
          why: message,
          agreed: async (backup, stops) => {
            if (!json)
              process.stdout.write(
                `${backup.id}  ${about(backup)}\n` +
                  `What ${service} has been told since is lost. Meanwhile these stop: ${stops.join(', ')}\n`,
              );
            if (yes || (await saysYes('restore', 'Restore it?'))) return;
            throw new KollageError({ code: 'KLG-901', message: 'not restored: the answer was not yes' });
          },
          ...runs,
        });
        return { revision };
      });
    });
}
