import type { Mode } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';
import type { OnChange } from '../model/service.ts';
import { strongest } from './mode.ts';

/** What outputs with another value do to a workload that they are filled into; in-place where they are in none of its files. */
export function followMode(workload: Workload, outputs: readonly string[]): Mode {
  return strongest(
    ...outputs.flatMap((output) => {
      const onChange = workload.follows?.[output];
      return onChange === undefined ? [] : [modeFor(onChange, workload)];
    }),
  );
}

function modeFor(onChange: OnChange, workload: Workload): Mode {
  if (onChange === 'nothing') return 'in-place';
  return onChange === 'reload' && !workload.reload ? 'restart' : onChange;
}
