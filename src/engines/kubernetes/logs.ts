import type { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiError, ConnectionError, told } from '../../kubernetes/errors.ts';
import { follow } from '../../kubernetes/watch.ts';
import type { LogQuery } from '../engine.ts';
import { label } from './names.ts';
import { bestOf, containersOf, podOf } from './pods.ts';
import { isOver, jobShape, type PodShape, podShape } from './shapes.ts';

/** What an instance has printed: the start program before the process, then that. With `follow` also what comes, until it ends or the signal. */
export async function* logLines(
  client: KubernetesClient,
  namespace: string,
  deployment: string,
  instance: string,
  query: LogQuery,
  signal: AbortSignal,
): AsyncIterable<string> {
  try {
    const pod = await (query.follow ? podToCome : podOf)(client, namespace, deployment, instance, signal);
    const { main, before } = containersOf(pod);
    const { name } = pod.metadata;
    const lines: string[] = [];
    for (const container of [...before, main]) {
      if (query.follow && !(await begins(client, namespace, pod, container, signal))) return;
      try {
        for await (const line of client.logs(namespace, name, { ...query, container }, signal)) {
          if (query.tail === undefined || query.follow) yield line;
          else lines.push(line);
        }
      } catch (error) {
        // One that has not begun yet, and so said nothing.
        if (!(error instanceof ApiError) || error.code !== 400) throw error;
      }
    }
    yield* query.tail === undefined ? lines : lines.slice(-query.tail);
  } catch (error) {
    if (signal.aborted) return;
    // A pod that is removed while it is followed has said all.
    if (query.follow && error instanceof ConnectionError && !(await isThere(client, namespace, instance)))
      return;
    throw told(error);
  }
}

/** The pod that is meant; of a task that was just started it may yet have to be made. KLG-502 where there is none, and none to come. */
async function podToCome(
  client: KubernetesClient,
  namespace: string,
  deployment: string,
  instance: string,
  signal: AbortSignal,
): Promise<PodShape> {
  const labels = `${label.deployment}=${deployment},${label.task}=${instance}`;
  const { items } = await client.list({ kind: 'Job', namespace }, { labels });
  const isToCome = items
    .map((item) => jobShape.parse(item))
    .some((job) => !isOver(job) && job.metadata.deletionTimestamp === undefined);
  if (!isToCome) return podOf(client, namespace, deployment, instance);
  const until = new AbortController();
  const ends = AbortSignal.any([signal, until.signal]);
  const found: PodShape[] = [];
  let synced = false;
  try {
    for await (const event of follow(client, { kind: 'Pod', namespace }, { labels, signal: ends })) {
      if (event.type === 'synced') synced = true;
      else if (event.type !== 'deleted') found.push(podShape.parse(event.object));
      const pod = bestOf(found.filter(({ metadata }) => metadata.deletionTimestamp === undefined));
      if (synced && pod) return pod;
    }
    return await podOf(client, namespace, deployment, instance);
  } finally {
    until.abort();
  }
}

async function isThere(client: KubernetesClient, namespace: string, name: string): Promise<boolean> {
  return (await client.get({ kind: 'Pod', namespace, name }).catch(() => null)) !== null;
}

/** Waits until a container of a pod has begun; gives whether it ever will. */
async function begins(
  client: KubernetesClient,
  namespace: string,
  pod: PodShape,
  container: string,
  signal: AbortSignal,
): Promise<boolean> {
  const until = new AbortController();
  const ends = AbortSignal.any([signal, until.signal]);
  const fields = `metadata.name=${pod.metadata.name}`;
  try {
    for await (const event of follow(client, { kind: 'Pod', namespace }, { fields, signal: ends })) {
      if (event.type === 'synced') continue;
      if (event.type === 'deleted') return false;
      const { metadata, status } = podShape.parse(event.object);
      if (metadata.uid !== pod.metadata.uid) return false;
      const found = [...status.initContainerStatuses, ...status.containerStatuses].find(
        ({ name }) => name === container,
      );
      if (found && (found.state.running || found.state.terminated || found.lastState.terminated)) return true;
      if (status.phase === 'Failed' || status.phase === 'Succeeded') return false;
    }
    return false;
  } finally {
    until.abort();
  }
}
