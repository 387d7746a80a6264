import { join } from 'node:path';
import type { Command } from 'commander';
import type { Desired } from '../../model/resource.ts';
import { handOver } from '../../operate/access.ts';
import { switchServices } from '../../operate/services.ts';
import { up } from '../../operate/up.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { jsonReporter, personReporter } from '../live/reporter.ts';
import { paintLine } from '../live/text.ts';
import { usage } from '../live/usage.ts';
import { printFinding } from '../print/finding.ts';
import { tellPulling } from '../print/pulling.ts';
import { type ServiceOptions, switchedBy, withServices } from '../services.ts';

interface Options extends ServiceOptions {
  folder: string;
  json?: true;
  message?: string;
  retry?: true;
}

/** `kollage up`: makes what runs equal to what the folder says. */
export function register(program: Command): void {
  const command = program
    .command('up')
    .description('make what runs equal to what the folder says')
    .addOption(folderOption())
    .option('-m, --message <text>', 'what the change is for, for the history')
    .option('--retry', 'try again what failed before and was taken back')
    .option('--json', 'events as JSON lines, for programs');
  withServices(command, '; written into kollage.yaml').action(
    async ({ folder, json, message, retry, ...services }: Options) => {
      const switched = await switchServices(folder, switchedBy(services));
      if (!json) process.stdout.write(switchedText(switched, folder));
      const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
      const reporter = json ? jsonReporter(to) : personReporter(to);
      using interrupt = interruptible(() => reporter.stopping());
      let wanted: Desired | undefined;
      try {
        const revision = await up({
          folder,
          why: message,
          retry,
          signal: interrupt.signal,
          planned: (plan, desired) => {
            wanted = desired;
            reporter.planned(plan, desired);
          },
          emit: reporter.event,
          pulling: tellPulling(json === true),
        });
        reporter.done(revision);
        if (wanted) await tellUsage(wanted, { folder, short: revision === null, silent: json === true });
      } catch (error) {
        if (!reporter.failed(error)) throw error;
        process.exitCode = 1;
      }
    },
  );
}

/** Hands over what it takes to use the platform, and says how. */
async function tellUsage(
  desired: Desired,
  { folder, short, silent }: { folder: string; short: boolean; silent: boolean },
): Promise<void> {
  const handed = await handOver(folder, desired);
  const paint = colours(process.stdout);
  const columns = process.stdout.columns ?? 100;
  const lines = silent ? [] : usage(desired, handed, { folder, columns, short });
  for (const line of lines) process.stdout.write(`${paintLine(line, Number.POSITIVE_INFINITY, paint)}\n`);
  for (const finding of handed.findings)
    process.stderr.write(printFinding(finding, colours(process.stderr), { advice: true }));
}

function switchedText(switched: ReadonlyMap<string, boolean>, folder: string): string {
  if (switched.size === 0) return '';
  const list = [...switched].map(([name, on]) => `${name}: ${on}`).join(', ');
  return `${join(folder, 'kollage.yaml')} now says, for this run and the next: ${list}\n`;
}
