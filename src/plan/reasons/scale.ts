import type { Reason } from '../../model/plan.ts';
import type { Scale, Workload } from '../../model/resource.ts';
import { type Moves, moves } from '../instances.ts';
import { nodesText } from './nodes.ts';

/** Why there are more or fewer instances, as far as the description says so. */
export function scaleReasons(before: Workload | undefined, after: Workload): Reason[] {
  if (!before) return [];
  const was = scaleText(before.scale);
  const is = scaleText(after.scale);
  return was === is ? [] : [{ what: 'scale', where: 'replicas', before: was, after: is }];
}

/**
 * Which nodes instances come to and go from. `missing` are the moves that would bring back what the last revision
 * asked for: those instances stopped to exist (`added`) or are too many (`removed`) by themselves, which only one
 * who looked can tell.
 */
export function movedReasons(moved: Moves, missing: Moves, looked: boolean): Reason[] {
  const lost = looked ? both(moved.added, missing.added) : [];
  const extra = looked ? both(moved.removed, missing.removed) : [];
  const added = without(moved.added, lost);
  const removed = without(moved.removed, extra);
  return [
    ...(lost.length > 0
      ? [{ what: 'state' as const, where: nodesText(lost), before: 'missing', after: 'running' }]
      : []),
    ...(extra.length > 0
      ? [{ what: 'drift' as const, where: nodesText(extra), before: 'one more than wanted' }]
      : []),
    ...(added.length + removed.length > 0
      ? [
          {
            what: 'placement' as const,
            where: 'nodes',
            ...(removed.length > 0 ? { before: nodesText(removed) } : {}),
            ...(added.length > 0 ? { after: nodesText(added) } : {}),
          },
        ]
      : []),
  ];
}

function scaleText(scale: Scale): string {
  return 'each' in scale ? 'one on each node' : String(scale.replicas);
}

function both(list: readonly string[], other: readonly string[]): readonly string[] {
  return moves(other, list).stay;
}

function without(list: readonly string[], other: readonly string[]): readonly string[] {
  return moves(other, list).added;
}
