import type { V1JobSpec } from '@kubernetes/client-node';
import { isProof, type Task } from '../../../model/resource.ts';
import { annotation, jobName, label } from '../names.ts';
import { pod } from './pod.ts';
import type { Manifest, RenderScope } from './scope.ts';

export interface JobObject extends Manifest {
  readonly spec: V1JobSpec;
}

/** Seconds beyond what it needs and may take after which a task is ended. */
const late = 60;

/** A Job cannot be changed, and one that is done need not be: Flux is told so. */
const ifNotThere = { 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' };

/**
 * A task as a Job that is named by its fingerprint: another one is another Job, and one that is complete stays, as the record that it was done.
 * `suspended`: one that must not run before whoever applies it says so.
 */
export function taskObjects(scope: RenderScope, task: Task, suspended = false): Manifest[] {
  const { template, objects } = pod(scope, task);
  const head = scope.head(jobName(task.id, task.fingerprint), task);
  const job: JobObject = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...head,
      labels: {
        ...head.labels,
        [label.fingerprint]: task.fingerprint,
        ...(isProof(task) && { [label.proof]: 'true' }),
      },
      annotations: { ...head.annotations, [annotation.fingerprint]: task.fingerprint, ...ifNotThere },
    },
    spec: {
      ...(suspended && { suspend: true }),
      backoffLimit: task.retries,
      activeDeadlineSeconds: Math.ceil(scope.desired.timeouts.needs + task.timeout + late),
      // Two at once would harm what a task sets up.
      podReplacementPolicy: 'Failed',
      // A node that is drained is no fault of the task.
      podFailurePolicy: {
        rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      },
      template,
    },
  };
  return [...objects, job];
}
