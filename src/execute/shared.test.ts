import { expect, test } from 'vitest';
import { Shared } from './shared.ts';

/** Asks once, which takes so many milliseconds, and gives how often it is asked when others follow so much later. */
async function asked(took: number, later: number, fails = false): Promise<number> {
  let now = 0;
  let count = 0;
  const shared = new Shared<number>(() => now);
  const ask = async () => {
    count += 1;
    await Promise.resolve();
    now += took;
    if (fails) throw new Error('no');
    return count;
  };
  const both = await Promise.allSettled([shared.get('a', ask), shared.get('a', ask)]);
  expect(both[0]).toEqual(both[1]);
  now += later;
  await shared.get('a', ask).catch(() => undefined);
  await shared.get('b', ask).catch(() => undefined);
  // Another key is another question.
  return count - 1;
}

test.each([
  ['an answer at once is good for 400 ms', 0, 399, 1],
  ['and no longer', 0, 400, 2],
  ['one that took longer for four times as long', 200, 799, 1],
  ['and no longer', 200, 800, 2],
  ['but not for more than 2 s', 30_000, 1999, 1],
  ['and no longer', 30_000, 2000, 2],
])('%s', async (_, took, later, times) => {
  expect(await asked(took, later)).toBe(times);
  expect(await asked(took, later, true)).toBe(times);
});
