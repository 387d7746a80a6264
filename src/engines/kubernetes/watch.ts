import type { KubernetesClient } from '../../kubernetes/client.ts';
import { told } from '../../kubernetes/errors.ts';
import type { Kind } from '../../kubernetes/kinds.ts';
import type { ApiObject } from '../../kubernetes/object.ts';
import { follow } from '../../kubernetes/watch.ts';
import type { EngineEvent } from '../engine.ts';
import { EventQueue } from '../event-queue.ts';
import { label } from './names.ts';
import { attemptOf, isSettled, since, troubleOf } from './rollout.ts';
import {
  controllerKinds,
  controllerShape,
  eventShape,
  holding,
  jobShape,
  type PodShape,
  podShape,
} from './shapes.ts';

/** How often a container of a pod has begun and ended. */
interface Life {
  began: number;
  ended: number;
  trouble: string;
}

/**
 * What happens to the pods of a deployment, from now on: watches of its pods, its controllers, its Jobs, and the Events in which the start program says
 * what a pod waits for. Five requests that last; nothing is asked in turns.
 */
export async function* watchCluster(
  client: KubernetesClient,
  deployment: string,
  namespace: string,
  signal: AbortSignal,
  /** Called when what is told from then on is complete. */
  ready: (queue: EventQueue<EngineEvent>) => void,
): AsyncIterable<EngineEvent> {
  const queue = new EventQueue<EngineEvent>(signal);
  const labels = `${label.deployment}=${deployment}`;
  const until = new AbortController();
  const ends = AbortSignal.any([signal, until.signal]);
  const pods = new Pods(queue);
  const jobs = new Jobs(queue);
  const run = async (kind: Kind, selection: object, hear: (object: ApiObject, old: boolean) => void) => {
    let old = true;
    for await (const event of follow(client, { kind, namespace }, { ...selection, signal: ends })) {
      if (event.type === 'synced') old = false;
      else if (event.type !== 'deleted') hear(event.object, old);
      else if (kind === 'Pod') pods.forget(event.object);
    }
  };
  const watches = [
    run('Pod', { labels }, (object, old) => pods.hear(podShape.parse(object), old)),
    run('Job', { labels }, (object, old) => jobs.hear(object, old)),
    ...controllerKinds.map((kind) => run(kind, { labels }, (object) => controller(queue, kind, object))),
    run('Event', { fields: 'source=kollage-start' }, (object, old) => {
      if (!old) pods.waits(eventShape.parse(object));
    }),
  ];
  Promise.all(watches).catch((error: unknown) => {
    if (!signal.aborted) queue.fail(told(error) as Error);
  });
  ready(queue);
  try {
    yield* queue;
  } finally {
    until.abort();
  }
}

/** Follows pods: each of them may begin and end several times. */
class Pods {
  readonly #queue: EventQueue<EngineEvent>;
  readonly #lives = new Map<string, Life>();
  readonly #abouts = new Map<string, { instance: string; of: string; node: string }>();

  constructor(queue: EventQueue<EngineEvent>) {
    this.#queue = queue;
  }

  forget({ metadata }: ApiObject): void {
    this.#lives.delete(metadata.uid ?? '');
    this.#abouts.delete(metadata.uid ?? '');
  }

  hear(pod: PodShape, old: boolean): void {
    const { uid, deletionTimestamp } = pod.metadata;
    const about = aboutOf(pod);
    this.#abouts.set(uid, about);
    const before = this.#lives.get(uid) ?? { began: 0, ended: 0, trouble: '' };
    const now = { ...lifeOf(pod), trouble: troubleOf(pod)?.why ?? '' };
    this.#lives.set(uid, now);
    // What is removed ends because somebody wants it.
    if (old || deletionTimestamp !== undefined) return;
    const isTask = pod.metadata.labels[label.task] !== undefined;
    for (let turn = 1; turn <= Math.max(now.began, now.ended); turn++) {
      if (turn > before.began && turn <= now.began)
        this.#queue.push({ type: 'started', ...about, ...since(pod) });
      // Of a Job's last pod the Job itself tells, when it is known to be done.
      const code = codeOf(pod);
      if (turn > before.ended && turn <= now.ended && !(isTask && code === 0))
        this.#queue.push({ type: 'exited', container: containerOf(pod), code, ...about });
    }
    if (now.trouble !== before.trouble)
      this.#queue.push({
        type: 'trouble',
        why: now.trouble,
        fatal: troubleOf(pod)?.fatal ?? false,
        ...about,
      });
  }

  waits({ involvedObject, metadata }: ReturnType<typeof eventShape.parse>): void {
    const about = this.#abouts.get(involvedObject.uid);
    const needs: unknown = JSON.parse(metadata.annotations['kollage.dev/needs'] ?? '[]');
    if (about && Array.isArray(needs))
      this.#queue.push({ type: 'waiting', needs: needs.map(String), ...about });
  }
}

/** A pod of a Job goes by the name of its task. */
function aboutOf({ metadata, spec }: PodShape): { instance: string; of: string; node: string } {
  const task = metadata.labels[label.task];
  const of = task ?? metadata.labels[label.workload] ?? '';
  return { instance: task ?? metadata.name, of, node: spec.nodeName ?? '' };
}

/** What a container is called in events: of a Job all of its pods are one. */
function containerOf({ metadata }: PodShape): string {
  return metadata.labels['batch.kubernetes.io/controller-uid'] ?? metadata.uid;
}

/** How often the process of a pod has begun and ended; where the start program before it failed, that is an end too. */
function lifeOf({ status }: PodShape): Pick<Life, 'began' | 'ended'> {
  const [main] = status.containerStatuses;
  const failed = status.initContainerStatuses.reduce((sum, one) => {
    const failedNow = one.state.terminated ? one.state.terminated.exitCode !== 0 : isBetween(one);
    return sum + one.restartCount + (failedNow ? 1 : 0);
  }, 0);
  if (!main) return { began: 0, ended: failed };
  const { running, terminated } = main.state;
  const hasRun = running !== undefined || terminated !== undefined || isBetween(main);
  return {
    began: hasRun ? main.restartCount + 1 : 0,
    ended: failed + (hasRun ? main.restartCount + (running ? 0 : 1) : 0),
  };
}

/** Whether a container ended, and waits to be started again. */
function isBetween({ state, lastState }: PodShape['status']['containerStatuses'][number]): boolean {
  return state.waiting !== undefined && lastState.terminated !== undefined;
}

/** With what a pod ended last. */
function codeOf({ status }: PodShape): number {
  const [main] = status.containerStatuses;
  const inits = status.initContainerStatuses.flatMap(({ state, lastState }) =>
    [state.terminated, lastState.terminated].flatMap((one) =>
      one && one.exitCode !== 0 ? [one.exitCode] : [],
    ),
  );
  const ends = [main?.state.terminated, main?.lastState.terminated].flatMap((one) =>
    one ? [one.exitCode] : [],
  );
  return ends[0] ?? inits[0] ?? -1;
}

/** Follows Jobs: each ends but once. */
class Jobs {
  readonly #queue: EventQueue<EngineEvent>;
  readonly #ended = new Set<string>();

  constructor(queue: EventQueue<EngineEvent>) {
    this.#queue = queue;
  }

  hear(object: ApiObject, old: boolean): void {
    const { metadata, status } = jobShape.parse(object);
    const task = metadata.labels[label.task];
    const failed = holding(status.conditions, 'Failed');
    const isDone = holding(status.conditions, 'Complete') !== undefined;
    if (task === undefined || this.#ended.has(metadata.uid) || (!isDone && !failed)) return;
    this.#ended.add(metadata.uid);
    if (old || metadata.deletionTimestamp !== undefined) return;
    const about = { instance: task, of: task, container: metadata.uid };
    if (isDone) this.#queue.push({ type: 'exited', code: 0, ...about });
    // Of those that ended by themselves the pods told.
    if (failed?.reason === 'DeadlineExceeded') this.#queue.push({ type: 'exited', code: 124, ...about });
  }
}

function controller(queue: EventQueue<EngineEvent>, kind: string, object: ApiObject): void {
  const seen = controllerShape.parse({ ...object, kind });
  const of = seen.metadata.labels[label.workload] ?? '';
  if (isSettled(seen)) queue.push({ type: 'settled', instance: of, of, attempt: attemptOf(seen) });
}
