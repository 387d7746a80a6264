import { z } from 'zod';
import { MarathonError } from './api/errors.ts';
import type { Site } from './cluster.ts';
import { label } from './names.ts';

/* What is read of what Marathon answers (apache/marathon, docs/docs/rest-api/public/api/v2/types). */

const healthResult = z.looseObject({
  alive: z.boolean(),
  lastFailureCause: z.string().nullish(),
});

const task = z.looseObject({
  id: z.string(),
  state: z.string().default('TASK_STAGING'),
  host: z.string().nullish(),
  version: z.string().nullish(),
  startedAt: z.string().nullish(),
  healthCheckResults: z.array(healthResult).default([]),
});

const app = z.looseObject({
  id: z.string(),
  version: z.string(),
  versionInfo: z.looseObject({ lastConfigChangeAt: z.string() }).optional(),
  instances: z.number(),
  labels: z.record(z.string(), z.string()).default({}),
  tasks: z.array(task).default([]),
  healthChecks: z.array(z.unknown()).default([]),
  lastTaskFailure: z.looseObject({ taskId: z.string(), host: z.string().default('') }).nullish(),
});

export type TaskShape = z.infer<typeof task>;
export type AppShape = z.infer<typeof app>;

/** An app with its tasks; null where there is none. */
export async function appOf({ marathon, signal }: Site, id: string): Promise<AppShape | null> {
  const found = await marathon.look(`/v2/apps${id}?embed=app.tasks&embed=app.lastTaskFailure`, signal);
  return found === null ? null : z.looseObject({ app }).parse(found).app;
}

/** The apps of a deployment with their tasks, sorted by id. */
export async function appsOf({ marathon, deployment, signal }: Site): Promise<readonly AppShape[]> {
  const selector = encodeURIComponent(`${label.deployment}==${deployment}`);
  const query = `label=${selector}&embed=apps.tasks&embed=apps.lastTaskFailure`;
  const found = await marathon.look(`/v2/apps?${query}`, signal);
  if (found === null) throw new MarathonError(404, 'there is no list of apps');
  const { apps } = z.looseObject({ apps: z.array(app) }).parse(found);
  return apps.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The workload that an app is; null where it is none of ours. */
export function workloadOf({ labels }: AppShape): string | null {
  const [, id] = (labels[label.key] ?? '').split(/^workload:/);
  return id ?? null;
}

/** Whether it runs, or is just being started; what is being killed, or has ended, is none. */
export function isThere({ state }: TaskShape): boolean {
  return state === 'TASK_RUNNING' || state === 'TASK_STARTING' || state === 'TASK_STAGING';
}

/** Whether its agent is not seen: it may run on, and may be back. */
export function isLost({ state }: TaskShape): boolean {
  return state === 'TASK_UNREACHABLE';
}

/** Whether a task is what its app is now: a change of the number alone leaves tasks as they are. */
export function isCurrent({ version, versionInfo }: AppShape, task: TaskShape): boolean {
  const since = Date.parse(versionInfo?.lastConfigChangeAt ?? version);
  return Date.parse(task.version ?? '') >= since;
}
