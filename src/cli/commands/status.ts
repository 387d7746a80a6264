import type { Command } from 'commander';
import { looking } from '../../operate/status.ts';
import { colours } from '../colour.ts';
import { folderOption } from '../folder.ts';
import { interruptible } from '../live/interrupt.ts';
import { isWell, statusLines } from '../live/status-table.ts';
import { watchStatus } from '../live/status-watch.ts';
import { paintLine } from '../live/text.ts';

interface Options {
  folder: string;
  json?: boolean;
  watch?: true;
}

/** `kollage status`: exit code 0 when everything is healthy (with --watch: when it last was), 1 when not. */
export function register(program: Command): void {
  program
    .command('status')
    .description('show what is healthy, and why the rest is not')
    .addOption(folderOption())
    .option('-w, --watch', 'look again every second, until Ctrl-C')
    .option('--json', 'for programs; with --watch a line for each change')
    .action(async ({ folder, json = false, watch }: Options) => {
      const out = process.stdout;
      const paint = colours(out);
      const look = looking(folder);
      if (watch) {
        using interrupt = interruptible(() => undefined);
        const last = await watchStatus({ look, out, paint, json, signal: interrupt.signal });
        process.exitCode = isWell(last) ? 0 : 1;
        return;
      }
      const now = await look();
      const lines = statusLines(now).map((line) =>
        paintLine(line, Number.POSITIVE_INFINITY, paint).trimEnd(),
      );
      out.write(json ? `${JSON.stringify(now, null, 2)}\n` : `${lines.join('\n')}\n`);
      process.exitCode = isWell(now) ? 0 : 1;
    });
}
