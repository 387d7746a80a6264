import { z } from 'zod';
import type { ApiObject } from '../../kubernetes/object.ts';
import { KollageError } from '../../model/error.ts';
import { head } from '../head.ts';
import type { Place } from './place.ts';

const annotation = 'kollage.dev/head';

/** What a revision's Secret says of it in an annotation; `pieces` are the Secrets that hold what was asked for, this one among them. */
const ownHead = head.extend({
  /** The revision that it goes on from, which ends with its beginning. */
  continues: z.number().nullable(),
});

export type OwnHead = z.infer<typeof ownHead>;

/** A revision's Secret with what is known of it. */
export function withHead(secret: ApiObject, known: OwnHead): ApiObject {
  return { ...secret, metadata: { ...secret.metadata, annotations: headAnnotation(known) } };
}

export function headAnnotation(known: OwnHead): Record<string, string> {
  return { [annotation]: JSON.stringify(known) };
}

/** All of them, the oldest first. One that another continues has ended where that began. */
export async function readHeads(place: Place): Promise<OwnHead[]> {
  const items = await place.client.look(
    { kind: 'Secret', namespace: place.namespace },
    { labels: place.selector('revision'), only: 'metadata' },
  );
  const heads = items.map(headOf).sort((one, other) => one.number - other.number);
  const followers = new Map(heads.flatMap((one) => (one.continues === null ? [] : [[one.continues, one]])));
  return heads.map((one) => {
    const follower = followers.get(one.number);
    if (follower === undefined || one.status === 'failed') return one;
    const failure = `given up for revision ${follower.number}`;
    return { ...one, status: 'failed', endedAt: one.endedAt ?? follower.at, failure };
  });
}

function headOf({ metadata }: ApiObject): OwnHead {
  try {
    return ownHead.parse(JSON.parse(metadata.annotations?.[annotation] ?? ''));
  } catch (cause) {
    const message = `the secret ${metadata.name} of the namespace ${metadata.namespace} does not say which revision it holds`;
    throw new KollageError({ code: 'KLG-508', message }, { cause });
  }
}
