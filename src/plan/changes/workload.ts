import type { Change, Mode, ObservedInstance, Reason } from '../../model/plan.ts';
import type { Workload } from '../../model/resource.ts';
import { disturbances, goneDisturbs } from '../disturbs.ts';
import { assign, moves } from '../instances.ts';
import { strongest } from '../mode.ts';
import { standBeside } from '../network.ts';
import { type WorkloadDifference, workloadDifference } from '../reasons/inputs.ts';
import { movedReasons, scaleReasons } from '../reasons/scale.ts';
import { change } from './change.ts';
import type { Comparison } from './comparison.ts';
import { judge } from './judge.ts';

const noDifference: WorkloadDifference = { mode: 'in-place', inputs: [], others: [] };

/**
 * What becomes of a workload; null when nothing is to be done. `seen` are its instances as an engine has them; null
 * when nobody looked, and then those of the last revision are taken to run as they should.
 */
export function workloadChange(
  comparison: Comparison,
  before: Workload | undefined,
  after: Workload | undefined,
  seen: readonly ObservedInstance[] | null,
): Change | null {
  const there = seen?.filter((instance) => instance.state !== 'missing') ?? null;
  const from = there ? there.map((instance) => instance.node) : before ? assign(before) : [];
  if (!after) return before ? gone(comparison, before, from) : null;
  const to = assign(after, from);
  if (!before && from.length === 0)
    return create(after, to, [{ what: 'new', where: 'image', after: after.image }]);
  const bundle = comparison.after.bundles.get(after.id);
  const difference = before ? workloadDifference(before, after, comparison.files, bundle) : noDifference;
  const moved = moves(from, to);
  // Those that are missing from where the last revision had them are a matter of state, not of scale.
  const expected = before ? assign(before, from) : to;
  const why = [...scaleReasons(before, after), ...movedReasons(moved, moves(from, expected), there !== null)];
  if (from.length === 0 && to.length > 0 && expected.length > 0)
    return create(after, to, [...why, ...difference.inputs, ...difference.others]);
  const wanted = { before, after, bundle, mode: difference.mode, images: comparison.images };
  const judged = there && judge(there, moved.stay, wanted);
  const touched = judged ? judged.touched : difference.mode === 'in-place' ? [] : moved.stay;
  const reasons = [
    // Where all instances are what they shall be, an earlier run did it and was stopped before it wrote that down.
    ...(judged?.settled ? [] : difference.inputs),
    ...difference.others,
    ...(judged?.reasons ?? []),
    ...why,
  ];
  if (reasons.length === 0) return null;
  const { stay, added, removed } = moved;
  const elsewhere = stay.length === 0 && removed.length > 0 && added.length > 0;
  const hardest = elsewhere
    ? 'replace'
    : touched.length === 0
      ? 'in-place'
      : strongest(judged?.mode ?? difference.mode);
  const serving = stay.length > 0 ? stay.length : removed.length;
  const down = judged?.down ?? 0;
  const mode = rolled(comparison, after, hardest, serving);
  return change(after, 'update', {
    mode,
    reasons,
    instances: touched.length + added.length + removed.length,
    nodes: [...new Set([...touched, ...added, ...removed])],
    disturbs: disturbances(comparison.after, after, {
      mode,
      touched: elsewhere ? removed.length : touched.length - down,
      serving: serving - down,
      left: to.length,
    }),
  });
}

function create(after: Workload, to: readonly string[], reasons: readonly Reason[]): Change {
  return change(after, 'create', { reasons, instances: to.length, nodes: [...new Set(to)] });
}

function gone(comparison: Comparison, before: Workload, from: readonly string[]): Change {
  return change(before, 'delete', {
    reasons: [{ what: 'gone', where: before.id }],
    instances: from.length,
    nodes: [...new Set(from)].sort(),
    disturbs: goneDisturbs(comparison, before),
  });
}

/**
 * A restart or replacement rolls where instances can serve for one another: more than one, and the policy does not
 * ask for all at once. A blue-green update puts the new beside the old even of a single one, where the node's ports
 * do not stand against it.
 */
function rolled(comparison: Comparison, after: Workload, mode: Mode, serving: number): Mode {
  const { strategy } = after.update;
  if ((mode !== 'restart' && mode !== 'replace') || strategy === 'recreate') return mode;
  const beside = strategy === 'blue-green' && standBeside(comparison.after, after);
  return serving > 1 || beside ? 'roll' : mode;
}
