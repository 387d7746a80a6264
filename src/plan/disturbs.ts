import type { Mode } from '../model/plan.ts';
import { type Endpoint, keyOf, type Workload } from '../model/resource.ts';
import type { Comparison } from './changes/comparison.ts';
import { standBeside } from './network.ts';
import { baseOf, type Side } from './side.ts';

/** What is done to a workload's instances. */
export interface Disturbance {
  readonly mode: Mode;
  /** How many are acted on, how many serve before, and how many there will be. */
  readonly touched: number;
  readonly serving: number;
  readonly left: number;
}

/**
 * What a user of the platform notices while a workload changes, a sentence each; empty where others serve
 * meanwhile.
 */
export function disturbances(side: Side, workload: Workload, disturbance: Disturbance): string[] {
  const { mode, touched, serving, left } = disturbance;
  const offered = (side.endpoints.get(baseOf(workload.id)) ?? []).filter(
    ({ exposure }) => exposure !== 'peers' && (exposure !== 'node' || serving === 1),
  );
  if (left === 0 && serving > 0)
    return [`${workload.id} is scaled to none: ${answers(offered, 'any more') ?? 'what it does stops'}`];
  if (touched === 0 || mode === 'in-place' || mode === 'reload') return [];
  const atOnce = mode === 'roll' ? Math.min(batchSize(side, workload), touched) : touched;
  if (atOnce === 0) return [];
  const does = mode === 'replace' ? 'is replaced' : 'restarts';
  const shared = offered.length > 0 || 'replicas' in workload.scale;
  if (atOnce < serving && shared) return [];
  if (mode === 'roll' && atOnce < serving)
    return [
      `${workload.id} restarts on ${count(touched)}, ${atOnce} at a time: what it does there waits meanwhile`,
    ];
  const what = answers(offered, 'meanwhile') ?? 'what it does waits meanwhile';
  return [`${workload.id} ${does} on ${touched} of ${count(serving)}: ${what}`];
}

/** What is noticed when a workload goes: endpoints that nobody else offers then. */
export function goneDisturbs({ before, after }: Comparison, workload: Workload): string[] {
  const endpoints = before.endpoints.get(baseOf(workload.id)) ?? [];
  const text = answers(
    endpoints.filter((endpoint) => !after.resources.has(keyOf(endpoint))),
    'any more',
  );
  return text === undefined ? [] : [`${workload.id} is taken away: ${text}`];
}

/** How many may be away at once in a rolling update; none where the new ones come up beside the old. */
function batchSize(side: Side, workload: Workload): number {
  const { strategy, maxUnavailable, surge, batch } = workload.update;
  const beside = standBeside(side, workload) && (strategy === 'blue-green' || surge > 0);
  return beside ? 0 : Math.max(1, Math.min(maxUnavailable, batch));
}

function answers(endpoints: readonly Endpoint[], until: string): string | undefined {
  if (endpoints.length === 0) return undefined;
  const urls = endpoints
    .map((endpoint) => endpoint.url)
    .sort()
    .join(' and ');
  return endpoints.length === 1
    ? `its endpoint ${urls} does not answer ${until}`
    : `its endpoints ${urls} do not answer ${until}`;
}

function count(instances: number): string {
  return instances === 1 ? '1 instance' : `${instances.toLocaleString('en')} instances`;
}
