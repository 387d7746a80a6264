import { afterAll, test } from 'vitest';
import { conformance } from './conformance/conformance.ts';
import { openPlace, whyNoPlace } from './marathon-place.ts';
import { marathonWorld } from './marathon-world.ts';

/* What every engine must do, on Marathon's stand-in with one agent and a real ZooKeeper, or on a real cluster (docs/developers.md). */

const reason = whyNoPlace();

if (reason === null) {
  const place = await openPlace();
  afterAll(() => place[Symbol.asyncDispose]());
  conformance(marathonWorld(place), 'kollage-conform', 21_480);
} else test.skip(`Marathon: ${reason}`, () => undefined);
