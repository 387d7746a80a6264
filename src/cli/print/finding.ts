import { type Finding, formatPlace, legible } from '../../model/error.ts';
import { errors } from '../../model/errors.ts';
import type { Paint } from '../colour.ts';

/** A finding for people: what, where, what was kept and what to do. Ends with a line break. */
export function printFinding(found: Finding, paint: Paint, options: { advice: boolean }): string {
  const finding = legible(found);
  const tone = { error: paint.red, warning: paint.yellow, info: paint.cyan }[finding.severity];
  const place = finding.place ? `${paint.bold(formatPlace(finding.place))}: ` : '';
  const info = errors[finding.code];
  const lines = [`${tone(`${finding.severity}[${finding.code}]`)} ${place}${finding.message}`];
  if (options.advice && finding.severity === 'error') lines.push(paint.dim(`  kept: ${info.kept}`));
  if (options.advice && finding.severity !== 'info')
    lines.push(paint.dim(`  next: ${finding.next ?? info.next}`));
  return `${lines.join('\n')}\n`;
}
