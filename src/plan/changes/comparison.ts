import type { ImageIds } from '../image-ids.ts';
import type { FileDifferences } from '../reasons/files.ts';
import type { Side } from '../side.ts';

/** The two sides of a plan, and what differs between their files. */
export interface Comparison {
  readonly before: Side;
  readonly after: Side;
  readonly files: FileDifferences;
  readonly images: ImageIds;
}
