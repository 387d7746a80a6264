import { z } from 'zod';

/** What every object of the API has, in the form that goes over the wire. */
export const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    uid: z.string().optional(),
    resourceVersion: z.string().optional(),
    generation: z.number().optional(),
    creationTimestamp: z.string().optional(),
    deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});

export type ApiObject = z.infer<typeof object>;

/** The answer of `/version`. */
export const versionInfo = z.looseObject({ gitVersion: z.string() });

export const list = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  // An empty list of metadata alone comes as null.
  items: z.array(z.looseObject({})).nullable(),
});
