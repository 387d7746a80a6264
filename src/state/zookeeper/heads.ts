import { KollageError } from '../../model/error.ts';
import { type Head, head } from '../head.ts';
import type { Place } from './place.ts';

/** All of them, the oldest first. */
export async function readHeads(place: Place): Promise<Head[]> {
  const names = (await place.client.children(place.path('revisions'))) ?? [];
  const heads = await Promise.all(names.map(async (name) => (await readHead(place, Number(name)))?.head));
  return heads.filter((one) => one !== undefined);
}

/** A revision's head, and the version of its node; null when there is none. KLG-508 where somebody has changed it. */
export async function readHead(
  place: Place,
  number: number,
): Promise<{ readonly head: Head; readonly version: number } | null> {
  const path = place.path('revisions', number);
  const node = await place.client.get(path);
  if (node === null) return null;
  try {
    return { head: head.parse(JSON.parse(node.data.toString())), version: node.stat.version };
  } catch (cause) {
    throw new KollageError(
      { code: 'KLG-508', message: `ZooKeeper: ${path} does not say which revision it holds` },
      { cause },
    );
  }
}

export function headBytes(known: Head): Buffer {
  return Buffer.from(JSON.stringify(known));
}
