import { Limit } from '../../model/limit.ts';
import type { Watcher } from '../../zookeeper/watches.ts';
import type { Filled } from '../outdated.ts';
import type { Site } from './cluster.ts';
import { label } from './names.ts';
import { needsOf } from './reports.ts';
import { type AppShape, isCurrent, isLost, isThere, type TaskShape, workloadOf } from './shapes.ts';

/** One instance of an app, as Marathon and ZooKeeper have it together. */
export interface Instance {
  readonly task: TaskShape;
  /** It has said that it is well, has not taken that back, and its agent is seen. */
  readonly isWell: boolean;
  /** When its process began, in milliseconds since the epoch; null where it has not. */
  readonly since: number | null;
  /** Whether its process begins only when something else is there, and what of that is not yet. */
  readonly waits: boolean;
  readonly needs: readonly string[];
  /** With which values of outputs it was filled; null where it has not told. */
  readonly filled: Filled | null;
  /** It is what the app is now, and is not being taken away. */
  readonly isCurrent: boolean;
}

/** Questions to ZooKeeper at once: they are answered in turn, and a long line holds up others. */
const together = 32;

/** The instances of an app: those that run, and those that are going. The watcher is told when one comes to be well, or is so no more. */
export async function instancesOf(
  { znodes, records }: Site,
  app: AppShape,
  watcher?: Watcher,
): Promise<Instance[]> {
  const id = workloadOf(app);
  if (id === null) return [];
  const well = new Set((await znodes.registered(id, watcher)).map(({ instance }) => instance));
  const limit = new Limit(together);
  const waits = app.labels[label.waits] !== undefined;
  return Promise.all(
    app.tasks.map(async (task): Promise<Instance> => {
      const report = waits ? await limit.run(0, () => records.report(task.id)) : null;
      const isHeldUp = waits && report?.state !== 'started';
      const began = isHeldUp || task.state !== 'TASK_RUNNING' ? null : (report?.at ?? task.startedAt ?? null);
      return {
        task,
        isWell: well.has(task.id) && !isLost(task),
        since: began === null ? null : Date.parse(began),
        waits,
        filled: report?.filled ?? null,
        needs: report?.state === 'waiting' ? needsOf(report) : [],
        isCurrent: (isThere(task) || isLost(task)) && isCurrent(app, task),
      };
    }),
  );
}

/** What tells one attempt at an app from others. */
export function attemptOf({ version }: AppShape): string {
  return new Date(version).toISOString();
}

/** Whether all that an app shall have is there, well, and nothing else. */
export function isSettled({ instances }: AppShape, all: readonly Instance[]): boolean {
  return all.length === instances && all.every((one) => one.isCurrent && one.isWell);
}

/** Why an instance whose agent is lost is not well. */
export const agentLost = 'its agent cannot be reached: whether it runs on is not known';

/** Why an instance is not well; null when it is. */
export function whyNot({ task, isWell, needs, since }: Instance): string | null {
  if (isLost(task)) return agentLost;
  if (!isThere(task)) return 'it is being removed';
  if (isWell) return null;
  if (needs.length > 0) return `it waits for ${needs.join(', ')}`;
  const failed = task.healthCheckResults.find(({ alive, lastFailureCause }) => !alive && lastFailureCause);
  if (failed?.lastFailureCause) return `it does not answer its health check: ${failed.lastFailureCause}`;
  return since === null ? 'it is being started' : 'it has not answered its health check yet';
}
