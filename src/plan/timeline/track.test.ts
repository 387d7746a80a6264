import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ResourceKey } from '../../model/resource.ts';
import { shortNeed } from './names.ts';
import { eventsOf, goodRun, type Short } from './testing.ts';
import { type Process, trackAll, waitsFor, withStarts } from './track.ts';

const key: ResourceKey = 'workload:a/b';

function after(...shorts: readonly Short[]): Process | undefined {
  return trackAll(eventsOf(...shorts)).processes.get(
    shorts[0]?.[1] === 'run' ? key : (key satisfies ResourceKey),
  );
}

test.each([
  ['task keystone/db-sync 0a1b2c3d', 'keystone/db-sync'],
  ['output mariadb/server:port', 'mariadb/server:port'],
  ['mariadb/mysql', 'mariadb/mysql'],
  ['task', 'task'],
])('the need %s is called %s', (need, short) => {
  expect(shortNeed(need)).toBe(short);
});

describe('how far a process is', () => {
  test.each<[string, readonly Short[], Partial<Process>]>([
    ['asked for', [[5, 'created', key]], { phase: 'created', createdAt: 5, id: 'a/b', kind: 'workload' }],
    [
      'waiting',
      [
        [5, 'created', key],
        [9, 'waits', key, 'x/y'],
      ],
      { phase: 'waiting', startedAt: null },
    ],
    [
      'running',
      [
        [5, 'created', key],
        [9, 'started', key],
      ],
      { phase: 'running', startedAt: 9 },
    ],
    [
      'healthy',
      [
        [5, 'started', key],
        [9, 'healthy', key],
        [10, 'done', key],
      ],
      { phase: 'done', endedAt: 10 },
    ],
    [
      'only waited for: it is done when it is healthy',
      [
        [5, 'started', key],
        [9, 'healthy', key],
      ],
      { action: 'none', phase: 'done', endedAt: 9 },
    ],
    [
      'changed: the change has an end of its own, after its last instance',
      [
        [5, 'created', key],
        [9, 'healthy', key],
      ],
      { action: 'create', endedAt: null },
    ],
    [
      'failed',
      [
        [5, 'created', key],
        [9, 'failed', key, 'broken', 'last line'],
      ],
      { phase: 'failed', endedAt: 9, message: 'broken', logs: ['last line'] },
    ],
    [
      'dying and started again: its first start counts',
      [
        [5, 'started', key],
        [6, 'exited', key, 3],
        [7, 'started', key],
        [8, 'exited', key, 4],
      ],
      { phase: 'waiting', startedAt: 5, deaths: 2, code: 4 },
    ],
    [
      'given way to',
      [
        [5, 'created', key],
        [6, 'exited', key, 143],
      ],
      { phase: 'created', deaths: 0 },
    ],
    [
      'dying after it was healthy: it is not done until it is so again',
      [
        [5, 'started', key],
        [8, 'done', key],
        [9, 'exited', key, 0],
      ],
      { phase: 'waiting', startedAt: 5, deaths: 1 },
    ],
    [
      'healthy again: that late it was done',
      [
        [5, 'created', key],
        [5, 'started', key],
        [8, 'done', key],
        [9, 'exited', key, 3],
        [10, 'started', key],
        [11, 'healthy', key],
      ],
      { action: 'create', phase: 'done', startedAt: 5, endedAt: 11 },
    ],
    [
      'stopping, to be made anew',
      [
        [5, 'created', key],
        [6, 'stopping', key],
      ],
      { phase: 'stopping', stoppingAt: 6 },
    ],
    [
      'stopped, to be made anew',
      [
        [5, 'created', key],
        [6, 'stopping', key],
        [9, 'stopped', key],
      ],
      { phase: 'created' },
    ],
    [
      'stopping for good: that is all of the change',
      [
        [5, 'gone', key],
        [6, 'stopping', key],
        [9, 'stopped', key],
      ],
      { phase: 'running', action: 'delete' },
    ],
    ['going', [[5, 'gone', key]], { phase: 'running', action: 'delete', startedAt: 5 }],
  ])('%s', (_name, shorts, expected) => {
    expect(after(...shorts)).toMatchObject(expected);
  });
});

test('a task that was stopped to be taken back is not there any more', () => {
  const { processes } = trackAll(eventsOf([5, 'stopping', 'task:a/b'], [6, 'stopped', 'task:a/b']));
  expect(processes.size).toBe(0);
});

test('each need is waited for from its first report to the first without it, and again when it is named again', () => {
  const process = after(
    [1, 'waits', key, 'x/y', 'task u/v ff'],
    [2, 'waits', key, 'x/y'],
    [3, 'waits', key, 'u/v'],
    [4, 'started', key],
  );
  expect(process?.waits).toEqual([
    { need: 'x/y', from: 1, to: 3 },
    { need: 'u/v', from: 1, to: 2 },
    { need: 'u/v', from: 3, to: 4 },
  ]);
});

test('the run itself: its name, its times, how it ended', () => {
  expect(trackAll(goodRun)).toMatchObject({
    deployment: 'demo',
    startedAt: 0,
    endedAt: 8010,
    outcome: 'done',
  });
});

test('what needs nothing has started when it was made, what needs something has not', () => {
  const run = trackAll(eventsOf([1, 'created', 'task:a/free'], [2, 'created', 'task:a/bound']));
  const { processes } = withStarts(run, new Set(['task:a/bound']));
  expect(processes.get('task:a/free')).toMatchObject({ phase: 'running', startedAt: 1 });
  expect(processes.get('task:a/bound')).toMatchObject({ phase: 'created', startedAt: null });
});

test('any cut of a run leaves a process in one state only, and nothing waits that runs', () => {
  fc.assert(
    fc.property(fc.subarray([...goodRun]), (events) => {
      for (const process of trackAll(events).processes.values()) {
        if (process.phase === 'running') expect(waitsFor(process)).toEqual([]);
        if (process.phase === 'done') expect(process.endedAt).not.toBeNull();
        for (const { from, to } of process.waits) expect(to ?? from).toBeGreaterThanOrEqual(from);
      }
    }),
  );
});
