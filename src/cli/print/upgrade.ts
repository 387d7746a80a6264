import type { UpgradePlan } from '../../operate/upgrade.ts';
import type { Paint } from '../colour.ts';

/** What an upgrade will do, a line for each service, and what users notice. Ends with a line break. */
export function printUpgrade(plan: UpgradePlan, paint: Paint): string {
  const width = Math.max(0, ...plan.services.map(({ service }) => service.length));
  const noticed = plan.services.flatMap(({ disturbs }) => disturbs);
  return [
    paint.bold(`${plan.deployment} from ${plan.from} to ${plan.to}`),
    ...(plan.note === null ? [] : [plan.note.trim()]),
    '',
    ...plan.services.map((steps) => {
      const parts = [
        ['asks', steps.check],
        ['before', steps.before],
        ['exchanges', steps.change],
        ['adds', steps.create],
        ['takes away', steps.remove],
        ['after', steps.after],
      ] as const;
      const said = parts.flatMap(([what, names]) =>
        names.length === 0 ? [] : [`${paint.dim(what)} ${names.join(', ')}`],
      );
      return `  ${paint.bold(steps.service.padEnd(width))}  ${said.join('; ')}`;
    }),
    ...(noticed.length === 0 ? [] : ['', paint.bold('What users notice')]),
    ...noticed.map((sentence) => `  ${paint.yellow('!')} ${sentence}`),
    '',
    '',
  ].join('\n');
}
