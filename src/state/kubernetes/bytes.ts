import { z } from 'zod';
import { KollageError } from '../../model/error.ts';
import type { Place } from './place.ts';

/** A Secret holds at most 1 MiB (kubernetes.io/docs/concepts/configuration/secret), and etcd takes 1.5 MiB with all of base64's letters. */
export const most = 700 * 1024;

export const secretData = z.looseObject({ data: z.record(z.string(), z.string()).optional() });

export function pieceName(place: Place, number: number, id: string, at: number): string {
  return place.name(number, id, at);
}

/** The bytes that a Secret holds under `data`. Throws KLG-508 when it is not there: somebody has removed it. */
export async function readPiece(place: Place, name: string): Promise<Buffer> {
  const secret = await place.client.get(place.at('Secret', name));
  const data = secret && secretData.parse(secret).data?.['data'];
  if (data === undefined || data === null)
    throw new KollageError({
      code: 'KLG-508',
      message: `the secret ${name} of the namespace ${place.namespace} is missing, or is not as it was written`,
    });
  return Buffer.from(data, 'base64');
}
