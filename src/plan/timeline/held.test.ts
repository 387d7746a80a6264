import { expect, test } from 'vitest';
import { heldBy } from './held.ts';
import { cloud, goodRun } from './testing.ts';
import { trackAll } from './track.ts';

test.each([
  [500, ['key/schema', 'cache/server']],
  [850, ['key/schema', 'cache/port']],
  [1900, ['key/schema']],
  [6000, []],
])('key/api after %d ms is held up by %s', (milliseconds, expected) => {
  const run = trackAll(goodRun.filter((event) => event.at <= milliseconds));
  const process = run.processes.get('workload:key/api');
  expect(process && [...heldBy(process, run, cloud)].sort().reverse()).toEqual(expected);
});
