import type { Mode } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';
import type { OnChange } from '../model/service.ts';

/*
 * What each mode means, on every engine:
 *   in-place  the process is not touched: new data lies ready, instances come or go beside it
 *   reload    the process is told to read its files again
 *   restart   the process stops and starts in the container that it has
 *   roll      its instances get new containers (or restart) a few at a time, while the others serve
 *   replace   its container is taken away and a new one made: what was written outside of volumes is lost
 */
const rank: Readonly<Record<Mode, number>> = { 'in-place': 0, reload: 1, restart: 2, roll: 3, replace: 4 };

/** Compares modes by how much they disturb: negative when the first disturbs less. */
export function compareModes(a: Mode, b: Mode): number {
  return rank[a] - rank[b];
}

/** The mode that disturbs most; in-place when none is given. */
export function strongest(...modes: readonly Mode[]): Mode {
  return modes.reduce((most, mode) => (rank[mode] > rank[most] ? mode : most), 'in-place');
}

/** What another text of a file, or another value of an output, does to a process that reads it. */
export function modeOnChange(onChange: OnChange, { reload }: Pick<Workload, 'reload'>): Mode {
  if (onChange === 'nothing') return 'in-place';
  return onChange === 'reload' && !reload ? 'restart' : onChange;
}
