import type { Finding } from '../../model/error.ts';
import { suggestion } from '../../model/nearest.ts';
import type { Desired, Need, ResourceKey } from '../../model/resource.ts';
import { offererOf } from '../graph/build.ts';
import { circles } from '../graph/circles.ts';
import type { Graph } from '../graph/types.ts';
import { needName } from '../reasons/fields.ts';

/** KLG-202: needs that name what nobody offers, with the nearest right name. */
export function checkOpenNeeds(desired: Desired, graph: Graph): Finding[] {
  const offered = Map.groupBy(desired.resources, (resource) => resource.kind);
  const names: Readonly<Record<Need['kind'], readonly ('endpoint' | 'workload' | 'task')[]>> = {
    endpoint: ['endpoint'],
    component: ['workload'],
    task: ['task'],
    output: ['task', 'workload'],
  };
  return graph.open.map(({ key, need }) => {
    const known = names[need.kind].flatMap((kind) =>
      (offered.get(kind) ?? []).map((resource) => resource.id),
    );
    const message = `${idOf(key)} needs the ${needName(need)}, which no service that is on has${suggestion(offererOf(need), known)}`;
    return { code: 'KLG-202', severity: 'error', message };
  });
}

/** KLG-203: processes that wait for each other, each circle written out. */
export function checkCircles(graph: Graph): Finding[] {
  return circles(graph).map((circle) => {
    const [first = '', ...others] = circle.map(idOf);
    const message =
      others.length === 0
        ? `${first} waits for itself`
        : `${first} waits for ${[...others, first].join(', which waits for ')}`;
    return { code: 'KLG-203', severity: 'error', message };
  });
}

function idOf(key: ResourceKey): string {
  return key.slice(key.indexOf(':') + 1);
}
