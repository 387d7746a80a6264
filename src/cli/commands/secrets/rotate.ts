import type { Command } from 'commander';
import { rotate } from '../../../operate/secrets/rotate.ts';
import { confirming } from '../../ask.ts';
import type { UpOptions } from '../../bring-up.ts';
import { colours } from '../../colour.ts';
import { folderOption } from '../../folder.ts';
import { interruptible } from '../../live/interrupt.ts';
import type { Reporter } from '../../live/reporter.ts';
import { jsonReporter, personReporter } from '../../live/reporter.ts';
import { steps } from '../../live/steps.ts';
import { tellPulling } from '../../print/pulling.ts';

interface Options extends UpOptions {
  service?: string[];
  all?: true;
}

/** `kollage secrets rotate`: new secrets, brought to what runs. Exit code 1 when that fails; then the old ones hold. */
export function registerRotate(secrets: Command): void {
  secrets
    .command('rotate')
    .description('make secrets anew and bring what runs to them, without a gap where services allow it')
    .argument('[names...]', 'of secrets, or of tasks that make keys anew, such as keystone/rotate-keys')
    .addOption(folderOption())
    .option('--service <services...>', 'all secrets of these services')
    .option('--all', 'all secrets of the deployment')
    .option('-m, --message <text>', 'what it is for, for the history')
    .option('-y, --yes', 'say yes to what hooks ask')
    .option('--json', 'events as JSON lines, for programs')
    .action(run);
}

async function run(names: readonly string[], _: Options, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const { folder, json, message, service = [], all = false } = options;
  const to = { out: process.stdout, paint: colours(process.stdout), env: process.env };
  const change = json ? jsonReporter(to) : personReporter(to);
  const keys = json ? change : personReporter(to, steps);
  let now: Reporter = change;
  using interrupt = interruptible(() => now.stopping());
  try {
    const revision = await rotate({
      folder,
      chosen: { names, services: service, all },
      why: message,
      made: (made) => {
        if (json) to.out.write(`${JSON.stringify({ at: Date.now(), type: 'secrets', made })}\n`);
        else to.out.write(made.map((name) => `made ${name}\n`).join(''));
      },
      planned: (plan, desired) => change.planned(plan, desired),
      follows: (tasks) => {
        if (!json && now === change) change.done(null);
        now = keys;
        keys.follows(tasks);
      },
      emit: (event) => now.event(event),
      confirm: confirming(change, options),
      pulling: tellPulling(json === true),
      signal: interrupt.signal,
    });
    now.done(revision);
  } catch (error) {
    if (!now.failed(error)) throw error;
    process.exitCode = 1;
  }
}
