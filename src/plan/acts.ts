import type { Mode, ObservedInstance } from '../model/plan.ts';
import type { Desired, Workload } from '../model/resource.ts';
import { modeOf } from './changes/judge.ts';
import type { ImageIds } from './image-ids.ts';
import { FileDifferences } from './reasons/files.ts';
import { workloadDifference } from './reasons/inputs.ts';
import { sideOf } from './side.ts';

/** What a plan asks of single instances. */
export interface Acts {
  /** The workload as the last revision has it. */
  readonly before: (id: string) => Workload | undefined;
  /** How an instance becomes what it shall be; null when it is that already. */
  readonly modeOf: (workload: Workload, instance: ObservedInstance) => Mode | null;
}

/** The same judgement that a plan rests on, for each instance by itself. */
export function actsOf(desired: Desired, last: Desired | null, images: ImageIds): Acts {
  const [was, is] = [sideOf(last), sideOf(desired)];
  const files = new FileDifferences(was.bundles, is.bundles);
  const before = (id: string) => {
    const found = was.resources.get(`workload:${id}`);
    return found?.kind === 'workload' ? found : undefined;
  };
  return {
    before,
    modeOf: (workload, instance) => {
      const old = before(workload.id);
      const bundle = is.bundles.get(workload.id);
      const mode = old ? workloadDifference(old, workload, files, bundle).mode : 'replace';
      return modeOf(instance, { before: old, after: workload, bundle, mode, images });
    },
  };
}
