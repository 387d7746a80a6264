import type { Change } from '../../model/plan.ts';
import { keyOf, type Resource } from '../../model/resource.ts';

/** A change that no container notices, unless told otherwise. */
export function change(
  resource: Resource,
  action: Change['action'],
  rest: Partial<Omit<Change, 'key' | 'action'>>,
): Change {
  return { key: keyOf(resource), action, reasons: [], instances: 0, nodes: [], disturbs: [], ...rest };
}
