import { isDeepStrictEqual } from 'node:util';
import type { AppDefinition } from '../schema.ts';

/** When an app was changed, and in what (mesosphere/marathon, state/VersionInfo.scala). */
export interface Versions {
  readonly version: string;
  readonly lastScalingAt: string;
  readonly lastConfigChangeAt: string;
}

type Filled =
  | 'backoffFactor'
  | 'backoffSeconds'
  | 'maxLaunchDelaySeconds'
  | 'cpus'
  | 'mem'
  | 'disk'
  | 'gpus'
  | 'instances'
  | 'env'
  | 'labels'
  | 'constraints'
  | 'dependencies'
  | 'healthChecks'
  | 'readinessChecks'
  | 'networks'
  | 'portDefinitions'
  | 'requirePorts'
  | 'upgradeStrategy'
  | 'unreachableStrategy'
  | 'killSelection'
  | 'executor'
  | 'fetch'
  | 'secrets'
  | 'role';

/** An app as Marathon keeps it: with what was not said. */
export type App = AppDefinition & { readonly [key in Filled]-?: NonNullable<AppDefinition[key]> } & Versions;

/** Fills in what an app has where nothing is said (docs/docs/rest-api/public/api/v2/types/app.raml; api/v2/AppNormalization.scala, raml/AppConversion.scala). */
export function filled(app: AppDefinition, versions: Versions): App {
  const isResident = (app.container?.volumes ?? []).some((volume) => 'persistent' in volume);
  const networks = app.networks ?? [{ mode: 'host' as const }];
  const isHost = networks.some(({ mode }) => mode === 'host');
  return {
    backoffFactor: 1.15,
    backoffSeconds: 1,
    maxLaunchDelaySeconds: 300,
    cpus: 1,
    mem: 128,
    disk: 0,
    gpus: 0,
    instances: 1,
    env: {},
    labels: {},
    constraints: [],
    dependencies: [],
    readinessChecks: [],
    requirePorts: false,
    killSelection: 'YOUNGEST_FIRST',
    executor: '',
    fetch: [],
    secrets: {},
    role: '*',
    ...said(app),
    healthChecks: (app.healthChecks ?? []).map((one) => ({
      gracePeriodSeconds: 300,
      intervalSeconds: 60,
      maxConsecutiveFailures: 3,
      timeoutSeconds: 20,
      delaySeconds: 15,
      protocol: 'HTTP' as const,
      ipProtocol: 'IPv4' as const,
      ...(one.command === undefined && one.port === undefined ? { portIndex: 0 } : {}),
      ...one,
    })),
    networks,
    portDefinitions: (app.portDefinitions ?? (isHost ? [{ port: 0, name: 'default' }] : [])).map((one) => ({
      port: 0,
      protocol: 'tcp' as const,
      labels: {},
      ...one,
    })),
    upgradeStrategy:
      app.upgradeStrategy ??
      (isResident
        ? { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 }
        : { minimumHealthCapacity: 1, maximumOverCapacity: 1 }),
    unreachableStrategy:
      app.unreachableStrategy === 'disabled' || (app.unreachableStrategy === undefined && isResident)
        ? 'disabled'
        : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0, ...(app.unreachableStrategy ?? {}) },
    ...versions,
  };
}

/** What is undefined is not said. */
function said<T extends object>(fields: T): { [key in keyof T]: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [key in keyof T]: Exclude<T[key], undefined>;
  };
}

/** Whether an app is another one than before in what its tasks are (state/AppDefinition.scala: isUpgrade). */
export function isUpgrade(before: App, after: App): boolean {
  return !isDeepStrictEqual(ofTasks(before), ofTasks(after));
}

/** Fields are compared as they are said: one that is not there and one that is undefined are the same. */
function ofTasks({ instances, version, lastScalingAt, lastConfigChangeAt, ...rest }: App): object {
  return JSON.parse(JSON.stringify(rest));
}

export function isOnlyScaled(before: App, after: App): boolean {
  return !isUpgrade(before, after) && before.instances !== after.instances;
}

export function needsRestart(before: App, after: App): boolean {
  return before.lastConfigChangeAt !== after.lastConfigChangeAt || isUpgrade(before, after);
}

/** The same app under the versions that the change gives it (core/group/GroupVersioningUtil.scala: updateVersionInfoForChangedApps). */
export function versioned(before: App | undefined, after: App, now: string): App {
  if (before === undefined || isUpgrade(before, after))
    return { ...after, version: now, lastScalingAt: now, lastConfigChangeAt: now };
  const { lastConfigChangeAt } = before;
  return before.instances === after.instances
    ? before
    : { ...after, version: now, lastScalingAt: now, lastConfigChangeAt };
}

/** A path as part of a task's number (state/PathId.scala: safePath). */
export function safePath(id: string): string {
  return id.slice(1).replaceAll('/', '_');
}

/** A moment as Marathon writes it (state/Timestamp.scala). */
export function stamp(milliseconds = Date.now()): string {
  return new Date(milliseconds).toISOString();
}
