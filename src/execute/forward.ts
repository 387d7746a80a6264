import type { Observed, Plan } from '../model/plan.ts';
import type { Desired, Task } from '../model/resource.ts';
import { doneKey } from '../plan/changes/task.ts';
import { makePlan } from '../plan/plan.ts';
import { appliedOf, noted, type Revision } from '../state/store.ts';
import { occasional, onOccasion, servicesToSave, tasksOf } from './data.ts';
import { execute } from './execute.ts';
import { dueHooks, type Hooks } from './hooks.ts';
import { restoredBy, restoresOf, runBeside, runOnData } from './restore.ts';
import { type Switch, switchData, switchesOf } from './switch.ts';
import { type Means, type Secret, secretsOf } from './take-back.ts';

export interface Way {
  readonly plan: Plan;
  readonly observed: Observed;
  readonly last: Desired | null;
  readonly settle: boolean;
  readonly hooks?: Hooks | undefined;
}

/**
 * Carries out the plan of a revision. Where it has a base, what going back would need is noted before each act: that data is saved, before
 * any task that changes it and before anything else is touched; which tasks are run; which volumes are made.
 */
export async function forward(
  means: Means,
  revision: Revision,
  base: Revision | null,
  way: Way,
  secret: Secret,
): Promise<void> {
  const { engine, store, emit, signal } = means;
  const { number, desired } = revision;
  const { last, settle } = way;
  const switches = switchesOf(await store.journal(number));
  if (base) {
    await noteVolumes(means, revision, way);
    // What is there is kept whole where other data takes its place.
    if (switches.length === 0) await save(means, revision, base, way);
  }
  const restores = restoresOf(restoredBy(await store.journal(number)), revision);
  const now =
    switches.length > 0
      ? await switched(means, revision, base, switches, secret)
      : restores.length > 0
        ? await restored(means, revision, base, restores, secret)
        : way;
  const hooks = way.hooks && (await dueHooks(means, revision, way, way.hooks));
  const begins = ({ id, fingerprint }: Task) => store.note(number, { type: 'task', id, fingerprint });
  await execute({
    engine,
    plan: now.plan,
    desired,
    last,
    observed: now.observed,
    settle,
    secret,
    emit,
    signal,
    hooks,
    ...(base && { begins }),
  });
  await hooks?.rest();
}

/** Puts other data in the place of what is there, once, and gives what is to be done after that. */
async function switched(
  means: Means,
  revision: Revision,
  base: Revision | null,
  switches: readonly Switch[],
  secret: Secret,
): Promise<Pick<Way, 'plan' | 'observed'>> {
  const { desired } = revision;
  await switchData({ ...means, secret }, revision, switches);
  const applied = base && (await appliedOf(means.store, base));
  const observed = await means.engine.observe(desired.deployment, desired, applied);
  return { plan: makePlan({ desired, last: desired, observed }), observed };
}

/** Brings saved data back, once, and gives what is to be done after that. */
async function restored(
  means: Means,
  revision: Revision,
  base: Revision | null,
  restores: readonly Task[],
  secret: Secret,
): Promise<Pick<Way, 'plan' | 'observed'>> {
  const { engine } = means;
  const { desired } = revision;
  const applied = base && (await appliedOf(means.store, base));
  const look = () => engine.observe(desired.deployment, desired, applied);
  const done = new Set(((await look()).tasks ?? []).map(doneKey));
  const due = restores.filter((task) => !done.has(doneKey(task)));
  const last = base?.desired ?? null;
  await runOnData({ ...means, secret }, revision, last ?? desired, due);
  const observed = await look();
  return { plan: makePlan({ desired, last, observed }), observed };
}

async function noteVolumes({ store }: Means, { number }: Revision, { plan, observed }: Way): Promise<void> {
  // Where nobody looked, what is there may hold data.
  if (!observed.volumes) return;
  const there = new Set(observed.volumes);
  const known = new Set(noted(await store.journal(number), 'volume').map(({ id }) => id));
  for (const { key, action } of plan.changes) {
    const [kind, id = ''] = key.split(/:(.*)/s);
    if (kind === 'volume' && action === 'create' && !there.has(id) && !known.has(id))
      await store.note(number, { type: 'volume', id });
  }
}

/** Runs the tasks of the base that save what tasks of the plan will change, those that are not done already. */
async function save(
  means: Means,
  revision: Revision,
  base: Revision,
  { plan, observed }: Way,
): Promise<void> {
  const { engine, store, emit, signal } = means;
  const { number, desired } = revision;
  const journal = noted(await store.journal(number), 'save');
  const known = new Set(journal.map(({ service }) => service));
  const replaced = restoredBy(await store.journal(number)).map(({ service }) => service);
  const services = [...new Set([...servicesToSave(tasksOf(plan, desired), base.desired), ...replaced])]
    .filter((service) => !known.has(service))
    .sort();
  for (const service of services) await store.note(number, { type: 'save', service, revision: number });
  const saves = [...journal, ...services.map((service) => ({ service, revision: number }))];
  const done = new Set((observed.tasks ?? []).map(doneKey));
  const due = saves
    .flatMap(({ service, revision: of }) =>
      occasional(base.desired, service, 'save').map((task) => onOccasion(task, of, of)),
    )
    .filter((task) => !done.has(doneKey(task)));
  await runBeside({ engine, emit, signal, secret: await secretsOf(means, base) }, base, due);
}
