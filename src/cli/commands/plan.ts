import type { Command } from 'commander';
import { planDeployment } from '../../operate/plan.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { printPlan } from '../print/plan.ts';
import { type ServiceOptions, switchedBy, withServices } from '../services.ts';

interface Options extends ServiceOptions {
  folder: string;
  json?: true;
  verbose?: true;
  against?: string;
  observed?: string;
  save?: string;
}

/** `kollage plan`: exit code 0 when there is nothing to do, 2 when there is, 1 when something stands against it. */
export function register(program: Command): void {
  const command = program
    .command('plan')
    .description('show what would change, why, and what it would disturb; changes nothing')
    .addOption(folderOption())
    .option('--against <file>', 'compare with a state saved before, instead of with the last revision')
    .option('--observed <file>', 'what is there, as JSON, instead of looking')
    .option(
      '--save <file>',
      'write the state that the plan leads to, for a later --against; holds no secrets',
    )
    .option('--json', 'for programs')
    .option('-v, --verbose', 'every reason of every change');
  withServices(command).action(async (options: Options) => {
    const plan = await planDeployment({ ...options, services: switchedBy(options) });
    const colour = colours(process.stdout).isColorSupported;
    process.stdout.write(
      options.json
        ? `${JSON.stringify(plan, null, 2)}\n`
        : printPlan(plan, {
            colour,
            width: process.stdout.columns ?? 100,
            verbose: options.verbose ?? false,
          }),
    );
    process.exitCode = plan.findings.some((finding) => finding.severity === 'error')
      ? 1
      : plan.changes.length > 0
        ? 2
        : 0;
  });
}
