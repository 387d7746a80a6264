import { z } from 'zod';

/* What is read of objects that a cluster hands back, in the form that goes over the wire. */

const terminated = z.looseObject({
  exitCode: z.number().default(-1),
  reason: z.string().optional(),
  message: z.string().optional(),
  finishedAt: z.string().nullish(),
});

const containerStatus = z.looseObject({
  name: z.string(),
  ready: z.boolean().default(false),
  started: z.boolean().nullish(),
  restartCount: z.number().default(0),
  imageID: z.string().default(''),
  state: z
    .looseObject({
      waiting: z.looseObject({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      running: z.looseObject({ startedAt: z.string().nullish() }).optional(),
      terminated: terminated.optional(),
    })
    .default({}),
  lastState: z.looseObject({ terminated: terminated.optional() }).default({}),
});

const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

const metadata = z.looseObject({
  name: z.string(),
  uid: z.string().default(''),
  generation: z.number().default(0),
  creationTimestamp: z.string().default(''),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
});

export const podShape = z.looseObject({
  metadata,
  spec: z
    .looseObject({
      nodeName: z.string().optional(),
      containers: z.array(z.looseObject({ name: z.string() })).default([]),
      initContainers: z.array(z.looseObject({ name: z.string() })).default([]),
    })
    .prefault({}),
  status: z
    .looseObject({
      phase: z.string().default('Pending'),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z.array(condition).default([]),
      initContainerStatuses: z.array(containerStatus).default([]),
      containerStatuses: z.array(containerStatus).default([]),
    })
    .prefault({}),
});

export const controllerShape = z.looseObject({
  kind: z.string(),
  metadata,
  spec: z
    .looseObject({
      replicas: z.number().optional(),
      template: z
        .looseObject({
          metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }).prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
      currentRevision: z.string().optional(),
      updateRevision: z.string().optional(),
      desiredNumberScheduled: z.number().default(0),
      updatedNumberScheduled: z.number().default(0),
      numberAvailable: z.number().default(0),
      numberMisscheduled: z.number().default(0),
    })
    .prefault({}),
});

export const jobShape = z.looseObject({
  metadata,
  status: z
    .looseObject({
      active: z.number().default(0),
      failed: z.number().default(0),
      conditions: z.array(condition).default([]),
    })
    .prefault({}),
});

export const eventShape = z.looseObject({
  metadata,
  involvedObject: z.looseObject({ name: z.string().default(''), uid: z.string().default('') }),
  reason: z.string().default(''),
  message: z.string().default(''),
});

export const nodeShape = z.looseObject({
  metadata,
  spec: z
    .looseObject({
      unschedulable: z.boolean().default(false),
      taints: z.array(z.looseObject({ key: z.string(), effect: z.string() })).default([]),
    })
    .prefault({}),
  status: z
    .looseObject({
      allocatable: z.record(z.string(), z.string()).default({}),
      conditions: z.array(condition).default([]),
    })
    .prefault({}),
});

export const configMapShape = z.looseObject({
  metadata,
  data: z.record(z.string(), z.string()).default({}),
});

const claiming = z.looseObject({
  volumeClaimTemplates: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).default([]),
});

/** The volumes that each pod of a StatefulSet has for itself, by its `spec`. */
export function claimNames(spec: unknown): string {
  return claiming
    .parse(spec)
    .volumeClaimTemplates.map(({ metadata }) => metadata.name)
    .join();
}

export type PodShape = z.infer<typeof podShape>;
export type ControllerShape = z.infer<typeof controllerShape>;
export type JobShape = z.infer<typeof jobShape>;

/** Kinds of which a workload may be. */
export const controllerKinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

/** Whether a Job has ended, well or not. */
export function isOver({ status }: Pick<JobShape, 'status'>): boolean {
  return status.conditions.some(
    ({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True',
  );
}

/** Whether a condition holds; gives it. */
export function holding(
  conditions: PodShape['status']['conditions'],
  type: string,
): PodShape['status']['conditions'][number] | undefined {
  return conditions.find((one) => one.type === type && one.status === 'True');
}
