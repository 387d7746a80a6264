import type { Desired } from '../model/resource.ts';
import { handOver } from '../operate/access.ts';
import { up } from '../operate/up.ts';
import { confirming } from './ask.ts';
import { colours } from './colour.ts';
import { interruptible } from './live/interrupt.ts';
import { jsonReporter, personReporter } from './live/reporter.ts';
import { paintLine } from './live/text.ts';
import { usage } from './live/usage.ts';
import { printFinding } from './print/finding.ts';
import { tellPulling } from './print/pulling.ts';

/** What commands that bring a deployment up are told. */
export interface UpOptions {
  folder: string;
  json?: true;
  message?: string;
  retry?: true;
  takeOver?: true;
  yes?: true;
}

/** Brings a deployment up and tells of it; `why` is for the history where no message is given. */
export async function bringUp(options: UpOptions, why?: string): Promise<void> {
  const { folder, json, message, retry, takeOver } = options;
  const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
  const reporter = json ? jsonReporter(to) : personReporter(to);
  using interrupt = interruptible(() => reporter.stopping());
  let wanted: Desired | undefined;
  try {
    const revision = await up({
      folder,
      why: message ?? why,
      retry,
      takeOver,
      signal: interrupt.signal,
      planned: (plan, desired) => {
        wanted = desired;
        reporter.planned(plan, desired);
      },
      emit: reporter.event,
      confirm: confirming(reporter, options),
      pulling: tellPulling(json === true),
    });
    reporter.done(revision);
    if (wanted) await tellUsage(wanted, { folder, short: revision === null, silent: json === true });
  } catch (error) {
    if (!reporter.failed(error)) throw error;
    process.exitCode = 1;
  }
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
