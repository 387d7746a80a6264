import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { recover } from '../../operate/recover.ts';
import { saysYes } from '../ask.ts';
import { folderOption } from '../folder.ts';
import { twoRuns } from '../live/two-runs.ts';

interface Options {
  folder: string;
  message?: string;
  force?: true;
  yes?: true;
  json?: true;
}

/** `kollage recover`: data that does not serve any more. Exit code 1 when nothing could be had. */
export function register(program: Command): void {
  program
    .command('recover')
    .description(
      'make the data of a service serve again that does not start, and say what is lost; asks first',
    )
    .argument('<service>', 'such as mariadb')
    .addOption(folderOption())
    .option('-m, --message <text>', 'what it is for, for the history')
    .option('--force', 'also where the service is healthy')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'events as JSON lines, for programs')
    .action(async (service: string, { folder, message, force, yes, json }: Options) => {
      await twoRuns(json === true, async (runs) => {
        const { revision, lost, unfinished } = await recover({
          folder,
          service,
          force,
          why: message,
          agreed: async (stops) => {
            if (!json) process.stdout.write(`Meanwhile these stop: ${stops.join(', ')}\n`);
            if (
              yes ||
              (await saysYes('recover', `Make the data of ${service} anew from what can be had of it?`))
            )
              return;
            throw new KollageError({ code: 'KLG-901', message: 'not recovered: the answer was not yes' });
          },
          ...runs,
        });
        const goOn = `Revision ${unfinished} is unfinished: \`kollage up\` goes on with it, and starts what stopped.`;
        const said = [
          ...(lost.length === 0 ? ['Nothing is known to be lost.'] : lost.map((what) => `Lost: ${what}`)),
          ...(lost.length === 0
            ? []
            : ['What was there is kept beside the data, until the next `kollage backup`.']),
          ...(unfinished === null ? [] : [goOn]),
        ];
        return { revision, result: { type: 'recovered', lost, unfinished }, said };
      });
    });
}
