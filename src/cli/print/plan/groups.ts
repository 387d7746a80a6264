import type { Change } from '../../../model/plan.ts';
import { idOf, isProcess, kindOf, serviceOf } from './text.ts';

/** The changes of a service that a person is shown. */
export interface Group {
  readonly service: string;
  readonly changes: readonly Change[];
  /** Whether all of it is new: one line says it. */
  readonly fresh: boolean;
}

/**
 * Changes by service, in the order in which the first process of each can begin. Unless everything is wanted, what
 * a process's own change tells already is left out: its files, the secrets that it is given, and for a service that
 * is all new its endpoints and volumes.
 */
export function groups(changes: readonly Change[], everything: boolean): Group[] {
  const processes = new Set(changes.filter(isProcess).map(idOf));
  const told = new Set(
    changes
      .filter(isProcess)
      .flatMap((change) => change.reasons.filter(({ what }) => what === 'secret').map(({ where }) => where)),
  );
  const shown = everything
    ? changes
    : changes.filter((change) => {
        if (kindOf(change) === 'config') return !processes.has(idOf(change));
        return kindOf(change) !== 'secret' || (change.action === 'update' && !told.has(idOf(change)));
      });
  const first = [...shown.filter(isProcess), ...shown].map(serviceOf);
  const byService = Map.groupBy(shown, serviceOf);
  return [...new Set(first)].map((service) => {
    const mine = byService.get(service) ?? [];
    const own = [...mine.filter(isProcess), ...mine.filter((change) => !isProcess(change))];
    const fresh =
      !everything &&
      own.some(isProcess) &&
      own.every(
        ({ action, reasons }) =>
          (action === 'create' || action === 'run') && reasons.every(({ what }) => what === 'new'),
      );
    return { service, changes: own, fresh };
  });
}
