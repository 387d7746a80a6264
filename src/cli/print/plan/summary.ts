import type { Change, Plan } from '../../../model/plan.ts';
import type { Paint } from '../../colour.ts';
import { count, isProcess, kindOf, restarts } from './text.ts';

/** The last line: what there is to do, in numbers that a person counts by, and that nothing else is disturbed. */
export function summaryLine(plan: Plan, paint: Paint): string {
  const { changes } = plan;
  if (changes.length === 0) return 'Nothing to do: what is there is as described.';
  const number = (test: (change: Change) => boolean) => changes.filter(test).length;
  const is = (action: Change['action'], kind: string) => (change: Change) =>
    change.action === action && kindOf(change) === kind;
  const created = number(is('create', 'workload'));
  const restarted = number(restarts);
  const run = number(is('run', 'task'));
  const deleted = number(is('delete', 'workload'));
  const rest = number((change) => change.action === 'update' && isProcess(change) && !restarts(change));
  const parts = [
    ...(created > 0 ? [paint.green(`${count(created, 'component')} to create`)] : []),
    ...(restarted > 0 ? [paint.magenta(`${restarted} to restart`)] : []),
    ...(rest > 0 ? [paint.yellow(`${rest} to change in place`)] : []),
    ...(deleted > 0 ? [paint.red(`${deleted} to take away`)] : []),
    ...(run > 0 ? [paint.cyan(`${count(run, 'task')} to run`)] : []),
  ];
  const text = parts.length > 0 ? parts.join(', ') : `${count(changes.length, 'change')} beside what runs`;
  return `Plan: ${text}.${undisturbed(plan, restarted + deleted)}`;
}

function undisturbed(plan: Plan, stopped: number): string {
  if (plan.base === null) return '';
  return stopped > 0 ? ' Nothing else is disturbed.' : ' Nothing is disturbed.';
}
