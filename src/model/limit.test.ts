import { expect, test } from 'vitest';
import { Limit } from './limit.ts';

/** A job that ends when it is told to. */
function job(name: string, log: string[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    end: resolve,
    run: () => {
      log.push(name);
      return promise;
    },
  };
}

test('no more jobs run than there are places, and the heaviest one that waits is next', async () => {
  const log: string[] = [];
  const limit = new Limit(2);
  const jobs = ['a', 'b', 'light', 'heavy'].map((name) => job(name, log));
  const weights = [0, 0, 1, 2];
  const ended = jobs.map(({ run }, index) => limit.run(weights[index] ?? 0, run));
  await Promise.resolve();
  expect(log).toEqual(['a', 'b']);
  jobs[0]?.end();
  await ended[0];
  await Promise.resolve();
  expect(log).toEqual(['a', 'b', 'heavy']);
  for (const { end } of jobs) end();
  await Promise.all(ended);
  expect(log).toEqual(['a', 'b', 'heavy', 'light']);
});

test('a job that fails gives its place back', async () => {
  const limit = new Limit(1);
  await expect(limit.run(0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(limit.run(0, () => Promise.resolve('yes'))).resolves.toBe('yes');
});
