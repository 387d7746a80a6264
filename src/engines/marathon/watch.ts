import { z } from 'zod';
import type { EngineEvent } from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { type Site, told } from './cluster.ts';
import { exitOf } from './exits.ts';
import { Followed } from './followed.ts';
import { Reports } from './reports.ts';

/** What of Marathon's events concerns an app (apache/marathon, docs/docs/event-bus.md). */
const types = [
  'status_update_event',
  'deployment_success',
  'deployment_failed',
  'health_status_changed_event',
  'instance_changed_event',
  'app_terminated_event',
  'api_post_event',
] as const;

const status = z.looseObject({
  appId: z.string(),
  taskId: z.string(),
  taskStatus: z.string(),
  message: z.string().default(''),
  host: z.string().default(''),
});
const about = z.looseObject({
  appId: z.string().optional(),
  runSpecId: z.string().optional(),
});

/** Ends that nobody has asked for. What is killed by Marathon or by us ends because somebody wants it. */
const ends = new Set([
  'TASK_FAILED',
  'TASK_FINISHED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_GONE',
  'TASK_DROPPED',
]);

/** Milliseconds between two looks at what is not settled yet: events may be lost, and of offers that do not match there are none. */
const every = 2000;
const again = 200;

/**
 * What happens to the instances of a deployment, from now on: Marathon's stream of events, and what containers say in ZooKeeper. As long as something is not
 * as it shall be, it is looked at as well, with two requests for all of it.
 */
export async function* watchMarathon(
  site: Site,
  signal: AbortSignal,
  /** Called when what is told from then on is complete. */
  ready: (queue: EventQueue<EngineEvent>) => void,
): AsyncIterable<EngineEvent> {
  const queue = new EventQueue<EngineEvent>(signal);
  const until = new AbortController();
  const ending = AbortSignal.any([signal, until.signal]);
  const fail = (error: unknown) => {
    if (!ending.aborted) queue.fail(told(error) as Error);
  };
  const followed = new Followed(site, queue, ending, fail);
  const reports = new Reports(site, queue, ending, fail, (id) => followed.touch(id));
  try {
    await Promise.all([followed.begin(), reports.begin()]);
    ready(queue);
    const opened = Promise.withResolvers<void>();
    // Also where nobody wants to hear of it any more, or it fails.
    void listen(site, queue, followed, ending, opened.resolve).catch(fail).finally(opened.resolve);
    await opened.promise;
    const timer = setInterval(() => void followed.look().catch(fail), every);
    try {
      yield* queue;
    } finally {
      clearInterval(timer);
    }
  } finally {
    until.abort();
  }
}

/** Reads events until the signal; a stream that breaks is taken up again, and what was missed is looked at. */
async function listen(
  { marathon, deployment }: Site,
  queue: EventQueue<EngineEvent>,
  followed: Followed,
  signal: AbortSignal,
  opened: () => void,
): Promise<void> {
  for (let first = true; !signal.aborted; first = false) {
    try {
      const began = () => {
        opened();
        if (!first) followed.touchAll();
      };
      for await (const { event, data } of marathon.events(types, began, signal)) {
        if (event === 'status_update_event') tell(queue, deployment, data);
        const said = about.safeParse(JSON.parse(data)).data ?? {};
        const app = said.appId ?? said.runSpecId;
        if (app?.startsWith(`/${deployment}/`)) followed.touch(app);
        else if (event.startsWith('deployment_') && data.includes(`/${deployment}/`)) followed.touchAll();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TypeError)) throw error;
      // The connection broke in the middle.
    }
    await new Promise((resolve) => setTimeout(resolve, again));
  }
}

/** Tells how a task has ended, or why it cannot begin. */
function tell(queue: EventQueue<EngineEvent>, deployment: string, data: string): void {
  const { success, data: said } = status.safeParse(JSON.parse(data));
  if (!success || !said.appId.startsWith(`/${deployment}/`) || !ends.has(said.taskStatus)) return;
  const of = said.appId.slice(deployment.length + 2).replaceAll('/', '-');
  const ref = { instance: said.taskId, of, node: said.host };
  const { code, refused } = exitOf(said.taskStatus, said.message);
  if (refused === null) queue.push({ type: 'exited', container: said.taskId, code, ...ref });
  else queue.push({ type: 'trouble', ...refused, ...ref });
}
