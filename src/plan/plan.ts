import type { Finding } from '../model/error.ts';
import type { Action, Change, Observed, ObservedInstance, Plan } from '../model/plan.ts';
import { type Desired, keyOf, type Resource, runsByItself } from '../model/resource.ts';
import { nodesAway } from './away.ts';
import type { Comparison } from './changes/comparison.ts';
import { type Passive, passiveChange } from './changes/passive.ts';
import { doneKey, taskChange } from './changes/task.ts';
import { workloadChange } from './changes/workload.ts';
import { imageIds } from './image-ids.ts';
import { inOrder } from './order.ts';
import { FileDifferences } from './reasons/files.ts';
import { sideOf } from './side.ts';

export interface PlanInput {
  readonly desired: Desired;
  /** The last state that was carried out; null when there was none. */
  readonly last: Desired | null;
  /** What is there. A part that was not looked at is taken to be as `last` says. */
  readonly observed: Observed;
}

/**
 * What must change for the world to be as desired, why, and what it disturbs. Pure: the same input gives the same
 * plan. Its findings are those of the changes themselves (KLG-407, a volume with data goes; KLG-411, a node is away); `runChecks` gives the
 * prechecks.
 */
export function makePlan({ desired, last, observed }: PlanInput): Plan {
  const [before, after] = [sideOf(last), sideOf(desired)];
  const files = new FileDifferences(before.bundles, after.bundles);
  const comparison: Comparison = { before, after, files, images: imageIds(observed) };
  const instances = observed.instances ? byWorkload(observed.instances) : null;
  const done = observed.tasks ? new Set(observed.tasks.map(doneKey)) : null;
  const changes: Change[] = [];
  const add = (was: Resource | undefined, is: Resource | undefined) => {
    if (isOccasional(is ?? was)) return;
    const change = changeOf(comparison, was, is, instances, done);
    if (change) changes.push(change);
  };
  for (const resource of desired.resources) add(before.resources.get(keyOf(resource)), resource);
  for (const resource of last?.resources ?? [])
    if (!after.resources.has(keyOf(resource))) add(resource, undefined);
  for (const [id, left] of instances ?? [])
    if (!after.resources.has(`workload:${id}`) && !before.resources.has(`workload:${id}`))
      changes.push(leftover(id, left));
  const ordered = inOrder(changes, desired, last);
  return {
    deployment: desired.deployment,
    release: desired.release,
    target: desired.fingerprint,
    base: last?.fingerprint ?? null,
    changes: ordered,
    findings: [...ordered.flatMap(dataLoss), ...nodesAway({ desired, observed }, ordered)],
    summary: summarize(ordered, desired),
  };
}

function changeOf(
  comparison: Comparison,
  was: Resource | undefined,
  is: Resource | undefined,
  instances: ReadonlyMap<string, ObservedInstance[]> | null,
  done: ReadonlySet<string> | null,
): Change | null {
  const resource = is ?? was;
  if (resource?.kind === 'workload') {
    const seen = instances && (instances.get(resource.id) ?? []);
    return workloadChange(comparison, ofKind(was, 'workload'), ofKind(is, 'workload'), seen);
  }
  if (resource?.kind === 'task')
    return taskChange(ofKind(was, 'task'), ofKind(is, 'task'), done, comparison.files);
  return passiveChange(passive(was), passive(is), comparison.files);
}

function isOccasional(resource: Resource | undefined): boolean {
  return resource?.kind === 'task' && !runsByItself(resource);
}

function ofKind<K extends Resource['kind']>(
  resource: Resource | undefined,
  kind: K,
): Extract<Resource, { kind: K }> | undefined {
  return isKind(resource, kind) ? resource : undefined;
}

function isKind<K extends Resource['kind']>(
  resource: Resource | undefined,
  kind: K,
): resource is Extract<Resource, { kind: K }> {
  return resource?.kind === kind;
}

function passive(resource: Resource | undefined): Passive | undefined {
  return resource && resource.kind !== 'workload' && resource.kind !== 'task' ? resource : undefined;
}

function byWorkload(instances: readonly ObservedInstance[]): Map<string, ObservedInstance[]> {
  const found = new Map<string, ObservedInstance[]>();
  for (const instance of instances) {
    const others = found.get(instance.workload);
    if (others) others.push(instance);
    else found.set(instance.workload, [instance]);
  }
  return found;
}

/** Instances of a workload that neither revision knows: a run that was stopped before it wrote down what it made. */
function leftover(id: string, instances: readonly ObservedInstance[]): Change {
  return {
    key: `workload:${id}`,
    action: 'delete',
    reasons: [{ what: 'drift', where: id, before: 'runs, and belongs to no revision' }],
    instances: instances.length,
    nodes: [...new Set(instances.map((instance) => instance.node))].sort(),
    disturbs: [],
  };
}

/** KLG-407: a volume that nothing uses any more, or that becomes another one, which begins empty. */
function dataLoss(change: Change): Finding[] {
  if (!change.key.startsWith('volume:')) return [];
  const id = change.key.slice('volume:'.length);
  const becomes = change.reasons.find(({ where }) => where === 'each')?.after;
  const message =
    change.action === 'delete'
      ? `nothing uses the volume ${id} any more; it is kept with its data until its deletion is confirmed by name`
      : `the volume ${id} becomes one for each ${becomes}, and begins empty; the data stays in what was there before`;
  return change.action === 'delete' || becomes !== undefined
    ? [{ code: 'KLG-407', severity: 'warning', message }]
    : [];
}

function summarize(changes: readonly Change[], desired: Desired): Plan['summary'] {
  const summary: Record<Action, number> = { create: 0, update: 0, delete: 0, run: 0, none: 0 };
  for (const change of changes) summary[change.action]++;
  summary.none = desired.resources.length - summary.create - summary.update - summary.run;
  return summary;
}
