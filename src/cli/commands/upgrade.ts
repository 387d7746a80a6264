import type { Command } from 'commander';
import { KollageError } from '../../model/error.ts';
import { upgrade } from '../../operate/upgrade.ts';
import { confirming, saysYes } from '../ask.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { jsonReporter, personReporter } from '../live/reporter.ts';
import { verdict } from '../live/verdict.ts';
import { tellPulling } from '../print/pulling.ts';
import { printUpgrade } from '../print/upgrade.ts';

interface Options {
  folder: string;
  release: string;
  yes?: true;
  retry?: true;
  json?: true;
}

/** `kollage upgrade`: to another release of the catalog, checks first. Exit code 1 when it is refused, not agreed to, or fails. */
export function register(program: Command): void {
  program
    .command('upgrade')
    .description('bring what runs to another release: checks first, asks, and writes it into kollage.yaml')
    .addOption(folderOption())
    .requiredOption('-r, --release <release>', 'the release to reach')
    .option('-y, --yes', 'do not ask')
    .option('--retry', 'try again what failed before and was taken back')
    .option('--json', 'the plan and events as JSON lines, for programs')
    .action(async ({ folder, release, yes, retry, json }: Options) => {
      const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
      // The checks are a run of their own, which is told to its end before the upgrade begins.
      const run = json ? jsonReporter(to) : personReporter(to);
      const checks = json ? run : personReporter(to, verdict);
      let now = checks;
      using interrupt = interruptible(() => now.stopping());
      try {
        const revision = await upgrade({
          folder,
          release,
          retry,
          pulling: tellPulling(json === true),
          signal: interrupt.signal,
          planned: (plan) => {
            if (json) to.out.write(`${JSON.stringify({ at: Date.now(), type: 'upgrade', ...plan })}\n`);
            else to.out.write(printUpgrade(plan, to.paint));
          },
          checking: checks.follows,
          follows: (desired) => {
            now = run;
            run.follows(desired);
          },
          emit: (event) => now.event(event),
          confirm: confirming(run, { ...(yes && { yes }), ...(json && { json }) }),
          agreed: async () => {
            if (!json) checks.done(null);
            if (yes || (await saysYes('upgrade', `Upgrade the deployment in ${folder} to ${release}?`)))
              return;
            throw new KollageError({ code: 'KLG-901', message: 'not upgraded: the answer was not yes' });
          },
        });
        run.done(revision);
      } catch (error) {
        if (!now.failed(error)) throw error;
        process.exitCode = 1;
      }
    });
}
