import type { KubernetesClient } from '../../kubernetes/client.ts';
import { follow } from '../../kubernetes/watch.ts';
import type { Task } from '../../model/resource.ts';
import type { Provision } from '../engine.ts';
import { apply, applyAll } from './apply.ts';
import { makeSecrets, needVolumes, scopeFor } from './base.ts';
import { annotation, jobName, label, objectName, only } from './names.ts';
import { podsOf } from './pods.ts';
import { taskObjects } from './render/job.ts';
import { registerKey } from './render/manifests.ts';
import { RenderScope } from './render/scope.ts';
import { hasEnded } from './rollout.ts';
import type { KubernetesSettings } from './settings.ts';
import { configMapShape, holding, isOver, type JobShape, jobShape } from './shapes.ts';

/** What became of a task that was to be started. */
export interface Started {
  /** The Job, as events call it. */
  readonly container: string;
  /** It was done before, and will not run. */
  readonly isDone: boolean;
}

/** Starts a task as a Job; one that failed before, or is another run of the same task, gives way. One that runs is left alone. */
export async function startTask(
  client: KubernetesClient,
  settings: KubernetesSettings,
  task: Task,
  provision: Provision,
): Promise<Started> {
  const { namespace } = settings;
  const { deployment } = provision;
  const name = jobName(task.id, task.fingerprint);
  const { items } = await client.list(
    { kind: 'Job', namespace },
    { labels: `${label.deployment}=${deployment},${label.task}=${objectName(task.id)}` },
  );
  for (const item of items) {
    const { metadata, status } = await ended(client, namespace, jobShape.parse(item));
    const isDone = holding(status.conditions, 'Complete') !== undefined;
    const hasFailed = holding(status.conditions, 'Failed') !== undefined;
    if (metadata.name === name && !hasFailed && metadata.deletionTimestamp === undefined)
      return { container: metadata.uid, isDone };
    // A record of another run stays; what runs or has failed makes room.
    if (metadata.name === name || !isDone) await removeJob(client, namespace, metadata.name);
  }
  const scope = scopeFor(settings, task, provision);
  await needVolumes(client, scope, task);
  await makeSecrets(client, scope, task, provision.secret);
  const made = await applyAll(client, deployment, taskObjects(scope, task));
  const job = made.find(({ kind }) => kind === 'Job');
  return { container: job?.metadata.uid ?? '', isDone: false };
}

/** A Job as it is; where its pods have ended and it has not said yet what that makes of it, as it is when it has. */
async function ended(client: KubernetesClient, namespace: string, job: JobShape): Promise<JobShape> {
  const { name } = job.metadata;
  if (isOver(job) || job.metadata.deletionTimestamp !== undefined) return job;
  const pods = await podsOf(client, namespace, { 'batch.kubernetes.io/job-name': name });
  if (pods.length === 0 || !pods.every(hasEnded)) return job;
  const before = pods.length;
  for await (const now of followed(client, namespace, name)) {
    if (isOver(now) || (now.status.active > 0 && now.status.failed >= before)) return now;
  }
  return job;
}

/** What becomes of a Job, from what it is now on, until nobody wants to know any more, or it is removed. */
async function* followed(
  client: KubernetesClient,
  namespace: string,
  name: string,
): AsyncGenerator<JobShape> {
  const until = new AbortController();
  try {
    const fields = `metadata.name=${name}`;
    for await (const event of follow(client, { kind: 'Job', namespace }, { fields, signal: until.signal })) {
      if (event.type === 'deleted') return;
      if (event.type !== 'synced') yield jobShape.parse(event.object);
    }
  } finally {
    until.abort();
  }
}

/** Removes the runs of a task. A Job that is complete is the record that it was done, and stays, without its pods; of a proof nothing stays. */
export async function removeRuns(
  client: KubernetesClient,
  namespace: string,
  deployment: string,
  instance: string,
): Promise<void> {
  const labels = `${label.deployment}=${deployment},${label.task}=${instance}`;
  const { items } = await client.list({ kind: 'Job', namespace }, { labels });
  const jobs = items.map((item) => jobShape.parse(item));
  await Promise.all(
    jobs
      .filter(({ metadata, status }) => isProofs(metadata) || !holding(status.conditions, 'Complete'))
      .map(({ metadata }) => removeJob(client, namespace, metadata.name)),
  );
  if (jobs.some(({ metadata }) => isProofs(metadata)))
    await client.removeAll({ kind: 'ConfigMap', namespace }, { labels });
  if (jobs.length > 0) await client.removeAll({ kind: 'Pod', namespace }, { labels });
}

function isProofs({ labels }: JobShape['metadata']): boolean {
  return labels[label.proof] !== undefined;
}

/** Removes a Job with its pods, and waits until it is gone. */
export async function removeJob(client: KubernetesClient, namespace: string, name: string): Promise<void> {
  const until = new AbortController();
  const fields = `metadata.name=${name}`;
  await client.remove({ kind: 'Job', namespace, name }, { propagation: 'Foreground' });
  const gone = follow(client, { kind: 'Job', namespace }, { fields, signal: until.signal });
  let there = false;
  for await (const event of gone) {
    if (event.type === 'deleted' || (event.type === 'synced' && !there)) break;
    there = true;
  }
  until.abort();
}

/** A record that a task is done, without a run: a Job that wants no pod is complete at once. */
export async function recordTask(
  client: KubernetesClient,
  settings: KubernetesSettings,
  deployment: string,
  task: Task,
): Promise<boolean> {
  const { id, unless, image, fingerprint } = task;
  if (!unless) return false;
  const { namespace } = settings;
  const register = await client.get({ kind: 'ConfigMap', namespace, name: only.outputs });
  const published = register && configMapShape.parse(register).data[registerKey(unless.output)];
  const values: unknown = JSON.parse(published ?? '{}');
  const value = typeof values === 'object' && values !== null ? Reflect.get(values, unless.key) : undefined;
  if (value !== unless.is) return false;
  const scope = new RenderScope({ desired: stateOf(deployment), settings, start: {} });
  const head = scope.head(jobName(id, fingerprint), task);
  await apply(client, deployment, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...head,
      labels: { ...head.labels, [label.fingerprint]: fingerprint },
      annotations: { ...head.annotations, [annotation.fingerprint]: fingerprint },
    },
    ...{
      spec: {
        completions: 0,
        parallelism: 0,
        template: {
          spec: { restartPolicy: 'Never', containers: [{ name: 'none', image, command: ['true'] }] },
        },
      },
    },
  });
  for await (const job of followed(client, namespace, jobName(id, fingerprint)))
    if (holding(job.status.conditions, 'Complete')) break;
  return true;
}

/** A state with nothing in it, for what needs only a deployment's name. */
function stateOf(deployment: string): ConstructorParameters<typeof RenderScope>[0]['desired'] {
  return {
    deployment,
    release: '',
    engine: 'kubernetes',
    network: 'cluster',
    nodes: [],
    timeouts: { needs: 0 },
    resources: [],
    logins: [],
    fingerprint: '',
  };
}
