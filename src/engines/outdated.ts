import { createHash } from 'node:crypto';
import { z } from 'zod';
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

function hashOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 20);
}
