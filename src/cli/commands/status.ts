import type { Command } from 'commander';
import { type Status, status, type WorkloadStatus } from '../../operate/status.ts';
import { colours, type Paint } from '../colour.ts';

interface Options {
  folder: string;
  json?: true;
}

/** `kollage status`: exit code 0 when everything is healthy, 1 when not. */
export function register(program: Command): void {
  program
    .command('status')
    .description('show what is healthy, and why the rest is not')
    .option('-f, --folder <folder>', 'the deployment folder', '.')
    .option('--json', 'for programs')
    .action(async (options: Options) => {
      const now = await status(options.folder);
      process.stdout.write(
        options.json ? `${JSON.stringify(now, null, 2)}\n` : table(now, colours(process.stdout)),
      );
      process.exitCode = now.workloads.every(({ state }) => state === 'healthy') ? 0 : 1;
    });
}

function table(now: Status, paint: Paint): string {
  const width = Math.max(...now.workloads.map(({ workload }) => workload.length));
  const head = `${paint.bold(now.deployment)}  release ${now.release}, revision ${now.revision}${now.unfinished ? paint.yellow(' (not finished: run kollage up)') : ''}`;
  const rows = now.workloads.flatMap((row) => [
    `  ${tone(row, paint)(row.state.padEnd(9))}  ${row.workload.padEnd(width)}  ${row.why}`.trimEnd(),
    ...row.logs.map((line) => paint.dim(`             | ${line}`)),
  ]);
  return `${[head, ...rows].join('\n')}\n`;
}

function tone({ state }: WorkloadStatus, paint: Paint): (text: string) => string {
  return state === 'healthy' ? paint.green : state === 'outdated' ? paint.yellow : paint.red;
}
