import { z } from 'zod';

/* The calls that a scheduler makes, as far as ours makes them (apache/mesos, include/mesos/v1/scheduler/scheduler.proto and mesos.proto, as JSON). */

const value = z.strictObject({ value: z.string() });
const resource = z.strictObject({
  name: z.string(),
  type: z.literal('SCALAR'),
  scalar: z.strictObject({ value: z.number() }),
  role: z.string(),
  allocation_info: z.strictObject({ role: z.string() }).optional(),
});
const taskInfo = z.strictObject({
  name: z.string(),
  task_id: value,
  agent_id: value,
  resources: z.array(resource),
  command: z.unknown(),
  container: z.unknown().optional(),
});
const frameworkInfo = z.strictObject({
  user: z.string(),
  name: z.string(),
  id: value.optional(),
  roles: z.array(z.string()),
  failover_timeout: z.number(),
  checkpoint: z.boolean(),
  capabilities: z.array(z.strictObject({ type: z.string() })),
  principal: z.string().optional(),
});
const filters = z.strictObject({ refuse_seconds: z.number() }).optional();
const framework_id = value;
export const call = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('SUBSCRIBE'),
    framework_id: value.optional(),
    subscribe: z.strictObject({ framework_info: frameworkInfo }),
  }),
  z.strictObject({
    type: z.literal('ACCEPT'),
    framework_id,
    accept: z.strictObject({
      offer_ids: z.array(value),
      operations: z.array(
        z.strictObject({
          type: z.literal('LAUNCH'),
          launch: z.strictObject({ task_infos: z.array(taskInfo) }),
        }),
      ),
      filters,
    }),
  }),
  z.strictObject({
    type: z.literal('DECLINE'),
    framework_id,
    decline: z.strictObject({ offer_ids: z.array(value), filters }),
  }),
  z.strictObject({ type: z.literal('REVIVE'), framework_id }),
  z.strictObject({ type: z.literal('SUPPRESS'), framework_id }),
  z.strictObject({
    type: z.literal('KILL'),
    framework_id,
    kill: z.strictObject({ task_id: value, agent_id: value.optional() }),
  }),
  z.strictObject({
    type: z.literal('ACKNOWLEDGE'),
    framework_id,
    acknowledge: z.strictObject({ agent_id: value, task_id: value, uuid: z.string() }),
  }),
  z.strictObject({
    type: z.literal('RECONCILE'),
    framework_id,
    reconcile: z.strictObject({
      tasks: z.array(z.strictObject({ task_id: value, agent_id: value.optional() })),
    }),
  }),
]);

export type Call = z.infer<typeof call>;
export type TaskInfo = z.infer<typeof taskInfo>;
