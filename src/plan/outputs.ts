import type { Mode } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';
import { modeOnChange, strongest } from './mode.ts';

/** What outputs with another value do to a workload that they are filled into; in-place where they are in none of its files. */
export function followMode(workload: Workload, outputs: readonly string[]): Mode {
  return strongest(
    ...outputs.flatMap((output) => {
      const onChange = workload.follows?.[output];
      return onChange === undefined ? [] : [modeOnChange(onChange, workload)];
    }),
  );
}
