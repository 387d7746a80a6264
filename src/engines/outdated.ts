import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hash } from '../compile/fingerprint.ts';
import type { ObservedInstance } from '../model/plan.ts';
import type { Workload } from '../model/resource.ts';

/** What the start program tells of the outputs that it fills a container with (images/start/store_filled.py): by `ID:KEY` the hash of a value, null where there was none. */
export const filledShape = z.record(z.string(), z.string().nullable());

export type Filled = z.infer<typeof filledShape>;

/** A published value, by `ID:KEY`; undefined where nobody has published it. */
export type Published = (output: string) => string | undefined;

/** Who publishes an output, and under which key: `back/server:port`. */
export function partsOf(output: string): { readonly id: string; readonly key: string } {
  const at = output.indexOf(':');
  return { id: output.slice(0, at), key: output.slice(at + 1) };
}

/**
 * The outputs that a workload follows and that have another value than what an instance was filled with. Nothing where that has not told, as while it
 * waits.
 */
export function outdated(
  { follows = {} }: Pick<Workload, 'follows'>,
  filled: Filled | null,
  published: Published,
): NonNullable<ObservedInstance['outdated']> {
  if (filled === null) return {};
  return Object.fromEntries(
    Object.keys(follows).flatMap((output) => {
      const after = published(output);
      const before = filled[output] ?? null;
      if (after === undefined || hashOf(after) === before) return [];
      return [[output, { before: before === null ? null : 'another value', after }]];
    }),
  );
}

/**
 * What a workload says of the values that its instances are filled with, so that they are made anew where some hold values that are no more. What it said
 * before stays otherwise: without it all would be made anew. Undefined where it never had to.
 */
export function renewal(
  workload: Pick<Workload, 'follows'>,
  instances: readonly (Filled | null)[],
  published: Published,
  before: string | undefined,
): string | undefined {
  const isOld = instances.some((filled) => Object.keys(outdated(workload, filled, published)).length > 0);
  if (!isOld) return before;
  const now = Object.keys(workload.follows ?? {}).map((output) => [output, published(output) ?? null]);
  return hash(now).slice(0, 10);
}

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 20);
}
