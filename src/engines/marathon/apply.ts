import { hash } from '../../compile/fingerprint.ts';
import { KollageError } from '../../model/error.ts';
import type { Workload } from '../../model/resource.ts';
import { drift } from '../drift.ts';
import type { Provision } from '../engine.ts';
import { deploy } from './api/deploy.ts';
import type { Site } from './cluster.ts';
import { renewalOf } from './filled.ts';
import { attemptOf, instancesOf, isSettled } from './looked.ts';
import { appId, label, objectName } from './names.ts';
import { type App, app } from './render/app.ts';
import type { RenderScope } from './render/scope.ts';
import { publish, scopeFor } from './scope.ts';
import { type AppShape, appOf, isThere, type TaskShape } from './shapes.ts';

/** Told of what somebody else does to an app, for which it waits; empty when that is over. */
export type Waits = (workload: string, why: string) => void;

/**
 * Makes an app what it shall be. One that is so is left as it is. KLG-502 where somebody else's has its name, or Marathon refuses. Somebody else's
 * deployment of it is waited for; ours, which a run that is over has left, is given up.
 */
export async function apply(
  site: Site,
  workload: Workload,
  provision: Provision,
  waits: Waits,
): Promise<{ readonly attempt: string; readonly settled: boolean }> {
  const { deployment, marathon, records, signal, takeOver } = site;
  const scope = await scopeFor(site, workload, provision);
  const version = await publish(site, scope, workload, provision);
  const before = await appOf(site, appId(deployment, workload.id));
  const wanted = appFor(site, scope, workload, { version, renewed: await renewalOf(site, workload, before) });
  if (before && before.labels[label.deployment] !== deployment) throw taken(wanted.id, workload.id);
  if (before === null || !isSame(wanted, before)) {
    const path = `/v2/apps${wanted.id}`;
    const change = <T>(act: (force: boolean) => Promise<T>) =>
      deploy(marathon, act, {
        signal,
        force: async (lockedBy) => takeOver || (await areOurs(site, wanted.id, lockedBy)),
        locked: ([other]) =>
          waits(
            workload.id,
            other === undefined
              ? ''
              : `Marathon's deployment ${other}, which is not ours, changes it; --take-over gives that up`,
          ),
      });
    if (before !== null && isOnlyWanted(before)) {
      await change((force) => marathon.remove(path, force, signal));
      await gone(site, [wanted.id]);
    }
    const { deploymentId } = await change((force) => marathon.put(path, wanted, force, signal));
    await records.keep('deployments', wanted.id, deploymentId);
    for (const task of inTheWay(wanted, before)) await marathon.killTask(wanted.id, task, signal);
  }
  const now = await appOf(site, wanted.id);
  if (now === null)
    throw new KollageError({
      code: 'KLG-502',
      message: `${wanted.id} was made, and somebody has taken it away`,
    });
  return { attempt: attemptOf(now), settled: isSettled(now, await instancesOf(site, now)) };
}

/** An app as Marathon is sent it: with the key to what is for it in ZooKeeper. */
function appFor(
  { znodes, settings }: Site,
  scope: RenderScope,
  workload: Workload,
  { version, renewed }: { readonly version: string; readonly renewed: string | undefined },
): App {
  const plain = app(scope, workload);
  const labels = {
    ...plain.labels,
    ...(workload.needs.length > 0 && { [label.waits]: 'yes' }),
    ...(renewed !== undefined && { [label.filled]: renewed }),
  };
  const env = { ...plain.env, ...znodes.variables(workload.id, version, settings.zookeeper) };
  // How many there are is changed while all run, which another label would prevent.
  const { instances, ...each } = { ...plain, env, labels };
  return { ...each, instances, labels: { ...labels, [label.spec]: hash(each).slice(0, 20) } };
}

function isSame(wanted: App, live: AppShape): boolean {
  return live.labels[label.spec] === wanted.labels[label.spec] && changes(wanted, live).length === 0;
}

/**
 * What somebody changed of an app since it was sent, by field. What its containers are given to find their files is no text for people; for how long it may wait each
 * run says itself.
 */
export function changes(wanted: App, live: AppShape): string[] {
  const env = Object.fromEntries(Object.entries(wanted.env).filter(([name]) => !name.startsWith('KOLLAGE_')));
  const labels = Object.fromEntries(
    Object.entries(wanted.labels).filter(([name]) => name !== label.spec && name !== label.waits),
  );
  const healthChecks = wanted.healthChecks.map(({ gracePeriodSeconds: _, ...one }) => one);
  return drift({ ...wanted, env, labels, healthChecks }, live);
}

/**
 * Whether nothing of an app runs, as where no agent takes it. Marathon launches what it has scheduled as it was, whatever the app is meanwhile, and waits for that before
 * it begins anything newer: only an app that is taken away is scheduled anew.
 */
function isOnlyWanted({ instances, tasks }: AppShape): boolean {
  return instances > 0 && tasks.every(({ state }) => hasEnded.has(state));
}

const hasEnded = new Set([
  'TASK_FAILED',
  'TASK_FINISHED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_GONE',
]);

/**
 * Tasks of before that Marathon would wait for in vain: some versions make room by ending only what is healthy to them, and begin nothing while what is not
 * yet, or not any more, has its port (mesosphere/marathon, TaskReplaceActor.scala: computeRestartStrategy). As many as may be away at once.
 */
function inTheWay({ instances, upgradeStrategy }: App, before: AppShape | null): string[] {
  if (before === null || before.healthChecks.length === 0) return [];
  const there = before.tasks.filter(isThere);
  const isAlive = ({ healthCheckResults }: TaskShape) =>
    healthCheckResults.length > 0 && healthCheckResults.every(({ alive }) => alive);
  const least = Math.ceil(instances * upgradeStrategy.minimumHealthCapacity);
  const away = Math.max(0, Math.min(instances, there.length) - least);
  return there
    .filter((task) => !isAlive(task))
    .slice(0, away)
    .map(({ id }) => id);
}

/** Whether deployments that lock an app are the one that we began last. */
async function areOurs({ records }: Site, id: string, lockedBy: readonly string[]): Promise<boolean> {
  const own = await records.own('deployments', id);
  return lockedBy.every((one) => one === own);
}

function taken(id: string, workload: string): KollageError {
  return new KollageError({
    code: 'KLG-502',
    message: `there is an app ${id} already, which should be ${objectName(workload)}, and is not of this deployment`,
  });
}

/** Takes an app away, and waits until none of its tasks is left; nothing where it is not there, or is not ours. */
export async function removeApp(site: Site, workload: string): Promise<void> {
  const { deployment, marathon, signal } = site;
  const id = appId(deployment, workload);
  const there = await appOf(site, id);
  if (there === null || there.labels[label.deployment] !== deployment) return;
  await marathon.remove(`/v2/apps${id}`, true, signal);
  await gone(site, [id]);
  await site.records.keep('deployments', id, null);
}

/** Milliseconds between two looks at what is going away: Marathon tells of tasks, and these may be unknown to it already. */
const look = 250;

/** Waits until Marathon knows nothing of these apps any more. */
export async function gone(site: Site, ids: readonly string[]): Promise<void> {
  const { marathon, signal } = site;
  for (;;) {
    const underWay = await marathon.deployments(signal);
    const left = await Promise.all(ids.map((id) => appOf(site, id)));
    const isBusy = underWay.some(({ affectedApps }) => affectedApps.some((id) => ids.includes(id)));
    if (!isBusy && left.every((one) => one === null)) return;
    await new Promise((resolve) => setTimeout(resolve, look));
  }
}
