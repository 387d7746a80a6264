import { z } from 'zod';
import type { Site } from './cluster.ts';

const reason = z.looseObject({ reason: z.string(), declined: z.number(), processed: z.number() });
const app = z.looseObject({
  id: z.string(),
  cpus: z.number().default(0),
  mem: z.number().default(0),
  constraints: z.array(z.array(z.string())).default([]),
  portDefinitions: z.array(z.looseObject({ port: z.number() })).default([]),
});
const queue = z.looseObject({
  queue: z
    .array(
      z.looseObject({
        app,
        count: z.number().default(0),
        delay: z.looseObject({ overdue: z.boolean() }).optional(),
        processedOffersSummary: z
          .looseObject({
            processedOffersCount: z.number().default(0),
            unusedOffersCount: z.number().default(0),
            rejectSummaryLastOffers: z.array(reason).default([]),
          })
          .optional(),
      }),
    )
    .default([]),
});

/** What Marathon means (apache/marathon, NoOfferMatchReason.scala). */
const words: Readonly<Record<string, string>> = {
  UnfulfilledRole: 'no resources of its role',
  NoCorrespondingReservationFound: 'no reservation for it',
  InsufficientDisk: 'too little disk',
  InsufficientGpus: 'too few GPUs',
  AgentMaintenance: 'they are being maintained',
  AgentDraining: 'they are being drained',
  DeclinedScarceResources: 'resources that are kept for others',
};

/** A reason, with what of the app it is about. */
function reasonOf(reason: string, { cpus, mem, constraints, portDefinitions }: z.infer<typeof app>): string {
  switch (reason) {
    case 'UnfulfilledConstraint':
      return `they are not as it wants them: ${constraints.map((one) => one.join(' ')).join(', ')}`;
    case 'InsufficientCpus':
      return `fewer processors than its ${cpus}`;
    case 'InsufficientMemory':
      return `less memory than its ${mem} MB`;
    case 'InsufficientPorts':
      return `its ports are taken: ${portDefinitions.map(({ port }) => port).join(', ')}`;
    default:
      return words[reason] ?? reason;
  }
}

/** By app, why no agent takes what is still to be started of it; of those that were offered agents alone. */
export async function unplaced({ marathon, signal }: Site): Promise<ReadonlyMap<string, string>> {
  const found = queue.parse((await marathon.look('/v2/queue', signal)) ?? {});
  return new Map(
    found.queue.flatMap(({ app, count, delay, processedOffersSummary }): [string, string][] => {
      // It was started and ended, and is held back for a while.
      if (count === 0 || delay?.overdue === false) return [];
      const { processedOffersCount = 0, rejectSummaryLastOffers = [] } = processedOffersSummary ?? {};
      if (processedOffersCount === 0) return [[app.id, 'no agent has offered anything']];
      const said = rejectSummaryLastOffers.filter(({ declined }) => declined > 0);
      const reasons = said.map(
        ({ reason, declined }) =>
          `${reasonOf(reason, app)} (${declined} ${declined === 1 ? 'offer' : 'offers'})`,
      );
      return said.length === 0 ? [] : [[app.id, `no agent can take it: ${reasons.join(', ')}`]];
    }),
  );
}
