import { setTimeout as pause } from 'node:timers/promises';
import type { App } from './apps.ts';
import {
  healthOf,
  type Instance,
  type InstanceTracker,
  isActive,
  isConsideredHealthy,
  isOver,
  isScheduled,
} from './instances.ts';
import type { LaunchQueue } from './launch-queue.ts';
import type { Action } from './plan.ts';

/** What the actions of a deployment work with. */
export interface Means {
  readonly tracker: InstanceTracker;
  readonly queue: LaunchQueue;
  readonly kill: (instance: Instance) => void;
}

/** core/deployment/impl/TaskStartActor.scala: syncInterval. Milliseconds. */
const sync = 5000;

/** Instances of a version that count as well (core/deployment/impl/ReadinessBehavior.scala). */
class Ready {
  readonly #app: App;
  readonly #well = new Set<string>();

  constructor(app: App) {
    this.#app = app;
  }

  get count(): number {
    return this.#well.size;
  }

  gone({ id }: Instance): void {
    this.#well.delete(id);
  }

  /** Whether it has become so now. */
  sees(instance: Instance): boolean {
    const { app, condition } = instance;
    if (app.version !== this.#app.version || this.#well.has(instance.id)) return false;
    const isWell = app.healthChecks.length === 0 ? condition === 'Running' : healthOf(instance) === true;
    if (!isWell || condition !== 'Running') return false;
    this.#well.add(instance.id);
    return true;
  }
}

/** Waits for something to hold that changes of instances decide. */
async function until(
  { tracker }: Means,
  app: string,
  signal: AbortSignal,
  look: (changed: Instance | null) => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const changed = (instance: Instance) => {
    if (instance.app.id === app && look(instance)) resolve();
  };
  const stopped = () => reject(signal.reason);
  tracker.on('changed', changed);
  tracker.on('healthChanged', changed);
  signal.addEventListener('abort', stopped);
  try {
    if (signal.aborted) throw signal.reason;
    if (look(null)) return;
    await promise;
  } finally {
    tracker.off('changed', changed);
    tracker.off('healthChanged', changed);
    signal.removeEventListener('abort', stopped);
  }
}

/** Decommissions instances, and waits until nothing of them runs any more that can be seen. */
async function decommission(means: Means, app: string, which: readonly Instance[], signal: AbortSignal) {
  const gone = until(means, app, signal, () =>
    which.every((one) => !means.tracker.has(one) || (one.task !== null && isOver(one))),
  );
  gone.catch(() => undefined);
  for (const instance of which) means.kill(instance);
  await gone;
}

export async function stop(means: Means, app: App, signal: AbortSignal): Promise<void> {
  await decommission(means, app.id, means.tracker.of(app.id), signal);
  for (const left of means.tracker.of(app.id)) means.tracker.expunge(left);
  means.queue.resetDelay(app);
}

/** core/deployment/impl/DeploymentActor.scala: scaleRunnable; TaskStartActor.scala. */
export async function scale(means: Means, { app, sentenced }: Action, signal: AbortSignal): Promise<void> {
  const { tracker, queue } = means;
  await decommission(means, app.id, toDecommission(tracker.of(app.id), app, sentenced), signal);
  const launched = () => tracker.of(app.id).filter((one) => isActive(one) || isScheduled(one)).length;
  const count = Math.max(0, app.instances - launched());
  if (count === 0) return;
  const ready = new Ready(app);
  const before = new Set(tracker.of(app.id));
  queue.add(app, count);
  const done = new AbortController();
  const reconciling = (async () => {
    for (;;) {
      await pause(sync, undefined, { signal: AbortSignal.any([signal, done.signal]) });
      queue.add(app, Math.max(0, app.instances - launched()));
    }
  })();
  reconciling.catch(() => undefined);
  try {
    await until(means, app.id, signal, (changed) => {
      if (changed && isOver(changed)) ready.gone(changed);
      for (const one of tracker.of(app.id)) if (!before.has(one)) ready.sees(one);
      return ready.count >= count;
    });
  } finally {
    done.abort();
  }
}

/** core/deployment/ScalingProposition.scala. */
function toDecommission(
  instances: readonly Instance[],
  app: App,
  sentenced: readonly string[],
): readonly Instance[] {
  const running = instances.filter(
    ({ goal, condition }) => goal === 'Running' && condition !== 'UnreachableInactive',
  );
  const dead = running.filter(({ id }) => sentenced.includes(id));
  const count = Math.max(running.length - app.instances, dead.length);
  const weight = ({ condition }: Instance) =>
    ({ Unreachable: 1, Staging: 2, Starting: 3, Running: 4 })[String(condition)] ?? 5;
  const direction = app.killSelection === 'OLDEST_FIRST' ? 1 : -1;
  const rest = running
    .filter((one) => !dead.includes(one))
    .toSorted((one, other) => weight(one) - weight(other) || direction * (one.since - other.since));
  return [...dead, ...rest].slice(0, count);
}

/** core/deployment/impl/TaskReplaceActor.scala. */
export async function restart(means: Means, { app }: Action, signal: AbortSignal): Promise<void> {
  if (app.instances === 0) return;
  const { tracker, queue } = means;
  const current = tracker.of(app.id);
  const { toKillNow, most } = restartStrategy(app, current);
  const old = current.filter((one) => one.app.version !== app.version && one.goal === 'Running');
  const active = new Set(old);
  // Those that are not well go first.
  const toKill = old.toSorted(
    (one, other) => Number(isConsideredHealthy(one)) - Number(isConsideredHealthy(other)),
  );
  let started = current.filter((one) => one.app.version === app.version).length;
  const ready = new Ready(app);
  const killNext = () => {
    const next = toKill.shift();
    if (next && tracker.has(next)) means.kill(next);
  };
  const launch = () => {
    const count = Math.min(Math.max(0, app.instances - started), Math.max(0, most - active.size - started));
    started += count;
    queue.add(app, count);
  };
  const look = (changed: Instance | null) => {
    // What ends by itself is not begun again as it was.
    if (changed && active.has(changed) && changed.goal === 'Running' && isOver(changed)) {
      active.delete(changed);
      means.kill(changed);
      launch();
    }
    for (const one of [...active])
      if (!tracker.has(one) || (one.goal !== 'Running' && isOver(one))) {
        active.delete(one);
        launch();
      }
    if (changed && changed.app.version === app.version && isOver(changed)) ready.gone(changed);
    for (const one of tracker.of(app.id)) if (ready.sees(one)) killNext();
    return ready.count >= app.instances && active.size === 0;
  };
  // Changes come while it still begins, and count.
  const reached = until(means, app.id, signal, (changed) => changed !== null && look(changed));
  reached.catch(() => undefined);
  // Those of a deployment before that began the same take nobody's place (reconcileHealthAndReadinessCheck).
  for (const one of current) ready.sees(one);
  for (let at = 0; at < toKillNow; at++) killNext();
  launch();
  queue.resetDelay(app);
  if (look(null)) return;
  await reached;
}

/** How many end at once, and how many there may be at most (computeRestartStrategy). */
export function restartStrategy(
  { instances, upgradeStrategy, container }: App,
  current: readonly Instance[],
): { readonly toKillNow: number; readonly most: number } {
  const healthy = current.filter((one) => one.goal === 'Running' && isConsideredHealthy(one)).length;
  const least = Math.ceil(instances * upgradeStrategy.minimumHealthCapacity);
  let most = Math.floor(instances * (1 + upgradeStrategy.maximumOverCapacity));
  let toKillNow = Math.max(0, healthy - least);
  if (least === most && most <= healthy) {
    const isResident = (container?.volumes ?? []).some((volume) => 'persistent' in volume);
    if (isResident) toKillNow = healthy - least + 1;
    else most += 1;
  }
  if (instances < current.length) toKillNow = Math.max(current.length - instances, toKillNow);
  return { toKillNow, most };
}
