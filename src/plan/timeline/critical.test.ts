import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { criticalPath } from './critical.ts';
import { emergingPath } from './emerging.ts';
import { cloud, eventsOf, goodRun, needsFrom } from './testing.ts';
import { trackAll } from './track.ts';

test('the critical path goes back over the need that was met last, and its times add up', () => {
  const steps = criticalPath(trackAll(goodRun), cloud);
  expect(steps.map(({ process, milliseconds }) => [process.id, milliseconds])).toEqual([
    // db answered at 2900, when the schema began, and was found healthy at 3000.
    ['db/server', 2900],
    ['key/schema', 2100],
    ['key/api', 2000],
    ['img/api', 1000],
  ]);
});

test('the last report is believed before the time at which we found a need healthy', () => {
  const needs = needsFrom({ 'workload:c/c': ['workload:a/a', 'workload:b/b'] });
  const run = trackAll(
    eventsOf(
      [0, 'run', 'd'],
      [0, 'created', 'workload:a/a'],
      [0, 'created', 'workload:b/b'],
      [0, 'created', 'workload:c/c'],
      [900, 'waits', 'workload:c/c', 'a/port'],
      [1000, 'started', 'workload:c/c'],
      [1050, 'done', 'workload:a/a'],
      // Its port answered long before it was healthy.
      [4000, 'done', 'workload:b/b'],
      [5000, 'done', 'workload:c/c'],
    ),
  );
  expect(criticalPath(run, needs).map(({ process }) => process.id)).toEqual(['a/a', 'c/c']);
});

test('needs in a circle end the walk', () => {
  const needs = needsFrom({ 'task:a/a': ['task:b/b'], 'task:b/b': ['task:a/a'] });
  const run = trackAll(eventsOf([1, 'done', 'task:a/a'], [2, 'done', 'task:b/b']));
  expect(criticalPath(run, needs).map(({ process }) => process.id)).toEqual(['a/a', 'b/b']);
});

test('whatever part of a run was told, the steps add up to the end of the last and none is negative', () => {
  fc.assert(
    fc.property(fc.subarray([...goodRun]), (events) => {
      const run = trackAll(events);
      const steps = criticalPath(run, cloud);
      const ends = [...run.processes.values()].flatMap(({ endedAt }) => (endedAt === null ? [] : [endedAt]));
      const sum = steps.reduce((total, { milliseconds }) => total + milliseconds, 0);
      expect(sum).toBe(ends.length === 0 ? 0 : Math.max(...ends) - (run.startedAt ?? 0));
      for (const { milliseconds } of steps) expect(milliseconds).toBeGreaterThanOrEqual(0);
    }),
  );
});

describe('the emerging path', () => {
  const at = (milliseconds: number) => {
    const run = trackAll(goodRun.filter((event) => event.at <= milliseconds));
    const { steps, ahead } = emergingPath(run, cloud, milliseconds);
    return `${steps.map(({ process }) => process.id).join(' ')} | ${ahead.map(({ id }) => id).join(' ')}`;
  };
  test.each([
    [150, 'db/server | key/schema key/api img/api'],
    // Its port answered, so that the schema could begin, but it was not yet found healthy.
    [2950, 'db/server key/schema | key/api img/api'],
    [3500, 'db/server key/schema | key/api img/api'],
    [6000, 'db/server key/schema key/api | img/api'],
    [9000, 'db/server key/schema key/api img/api | '],
  ])('after %d ms', (milliseconds, expected) => {
    expect(at(milliseconds)).toBe(expected);
  });
});
