import { z } from 'zod';

/*
 * What a Mesos master tells a scheduler, as far as we read it (apache/mesos, include/mesos/v1/scheduler/scheduler.proto and mesos.proto, as JSON).
 */

const value = z.looseObject({ value: z.string() });

const resource = z.looseObject({
  name: z.string(),
  type: z.string(),
  role: z.string().optional(),
  scalar: z.looseObject({ value: z.number() }).optional(),
});

const attribute = z.looseObject({
  name: z.string(),
  type: z.string(),
  text: value.optional(),
  scalar: z.looseObject({ value: z.number() }).optional(),
});

const offer = z.looseObject({
  id: value,
  agent_id: value,
  hostname: z.string(),
  allocation_info: z.looseObject({ role: z.string().optional() }).optional(),
  resources: z.array(resource).default([]),
  attributes: z.array(attribute).default([]),
});

const status = z.looseObject({
  task_id: value,
  agent_id: value.optional(),
  state: z.string(),
  /** Base64; only what is told until it is acknowledged has one. */
  uuid: z.string().optional(),
  message: z.string().optional(),
  reason: z.string().optional(),
});

export const event = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('SUBSCRIBED'),
    subscribed: z.looseObject({ framework_id: value, heartbeat_interval_seconds: z.number().default(15) }),
  }),
  z.looseObject({ type: z.literal('OFFERS'), offers: z.looseObject({ offers: z.array(offer) }) }),
  z.looseObject({ type: z.literal('RESCIND'), rescind: z.looseObject({ offer_id: value }) }),
  z.looseObject({ type: z.literal('UPDATE'), update: z.looseObject({ status }) }),
  z.looseObject({ type: z.literal('ERROR'), error: z.looseObject({ message: z.string() }) }),
  z.looseObject({ type: z.literal('HEARTBEAT') }),
]);

export type MesosEvent = z.infer<typeof event>;
export type Offer = z.infer<typeof offer>;
export type Status = z.infer<typeof status>;

/** How much of a resource an offer has. */
export function amount({ resources }: Offer, name: string): number {
  return resources.reduce((sum, one) => sum + (one.name === name ? (one.scalar?.value ?? 0) : 0), 0);
}
