import { KollageError } from '../model/error.ts';
import { colours } from './colour.ts';
import { printFinding } from './print/finding.ts';

/** Findings of one mistake that are printed; who mends these runs the command again. */
const most = 25;

/** Prints what stopped a command and sets the exit code 1. A stack trace is for `KOLLAGE_DEBUG=1` only. */
export function fail(error: unknown): void {
  const known = error instanceof KollageError ? error : unforeseen(error);
  const paint = colours(process.stderr);
  const all = [known.finding, ...known.also];
  const findings = all.slice(0, most);
  process.stderr.write(
    findings
      .map((finding) =>
        printFinding(finding, paint, {
          advice: finding === findings.findLast(({ code }) => code === finding.code),
        }),
      )
      .join(''),
  );
  if (all.length > most) process.stderr.write(`${all.length - most} more like these.\n`);
  if (process.env['KOLLAGE_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  process.exitCode = 1;
}

function unforeseen(error: unknown): KollageError {
  const message = error instanceof Error ? error.message : String(error);
  return new KollageError({ code: 'KLG-902', message: message }, { cause: error });
}
