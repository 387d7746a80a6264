import { createColors } from 'picocolors';
import type { Finding } from '../../model/error.ts';
import type { Plan } from '../../model/plan.ts';
import type { Paint } from '../colour.ts';
import { printFinding } from './finding.ts';
import { ChangePrinter } from './plan/change.ts';
import { freshLines } from './plan/fresh.ts';
import { groups } from './plan/groups.ts';
import { summaryLine } from './plan/summary.ts';
import type { PrintOptions } from './plan/text.ts';

const order: readonly Finding['severity'][] = ['info', 'warning', 'error'];

/**
 * A plan for people: what changes in each service and why, what is new in a line for each service, what it
 * disturbs, what was found, and a summary as the last line, where the eye is. Ends with a line break.
 */
export function printPlan(plan: Plan, options: PrintOptions): string {
  const paint = createColors(options.colour);
  const all = groups(plan.changes, options.verbose ?? false);
  const sections = [
    ...all
      .filter((group) => !group.fresh)
      .map(({ service, changes }) => {
        const printer = new ChangePrinter(paint, options);
        return [paint.bold(service || 'secrets'), ...changes.flatMap((change) => printer.lines(change))];
      }),
    freshLines(
      all.filter((group) => group.fresh),
      paint,
      options,
    ),
    disturbed(plan, paint, options),
    findings(plan, paint, options),
    [summaryLine(plan, paint)],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function disturbed(plan: Plan, paint: Paint, { verbose }: PrintOptions): string[] {
  const sentences = plan.changes.flatMap((change) => change.disturbs);
  if (sentences.length === 0) return [];
  const most = verbose ? sentences.length : 12;
  const more = sentences.length - most;
  return [
    paint.bold('What it disturbs'),
    ...sentences.slice(0, most).map((sentence) => `  ${paint.yellow('!')} ${sentence}`),
    ...(more > 0 ? [paint.dim(`  … and ${more} more (--verbose)`)] : []),
  ];
}

/** Findings of one code stand together; the advice that they share follows the last of them. */
function findings(plan: Plan, paint: Paint, { verbose }: PrintOptions): string[] {
  const sorted = [...plan.findings].sort(
    (a, b) =>
      order.indexOf(a.severity) - order.indexOf(b.severity) ||
      (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
  );
  return sorted.map((finding, index) => {
    const following = sorted[index + 1];
    const last = following?.code !== finding.code || following.next !== finding.next;
    const advice = last && (verbose === true || finding.severity === 'error');
    return printFinding(finding, paint, { advice }).trimEnd();
  });
}
