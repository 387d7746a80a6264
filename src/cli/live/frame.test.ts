import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KollageEvent } from '../../model/event.ts';
import { cloud, eventsOf, goodRun } from '../../plan/timeline/testing.ts';
import { trackAll } from '../../plan/timeline/track.ts';
import { frame } from './frame.ts';
import { summary } from './summary.ts';
import { symbolsFor } from './symbols.ts';
import { plainPaint } from './testing.ts';
import { type Line, paintLine, widthOf } from './text.ts';

const symbols = symbolsFor({ LANG: 'C' });

interface Size {
  readonly columns?: number;
  readonly height?: number;
}

function show(events: readonly KollageEvent[], now: number, { columns = 100, height = 40 }: Size = {}) {
  const view = { run: trackAll(events), needs: cloud, symbols, now, columns, height, stopping: false };
  return text(frame(view), columns);
}

function text(lines: readonly Line[], columns = 200): string[] {
  return lines.map((line) => paintLine(line, columns, plainPaint).trimEnd());
}

const until = (milliseconds: number) => goodRun.filter((event) => event.at <= milliseconds);

test('what waits, for what, for how long; the critical path as far as it is known', () => {
  expect(show(until(950), 950)).toEqual([
    'demo  0.9 s  0 of 5 done',
    '> * db/server     starting    0.8 s',
    '  * cache/server  starting    0.8 s',
    '> . key/schema    waiting     0.9 s  for db/port',
    '> . key/api       waiting     0.9 s  for key/schema, cache/port',
    '> . img/api       waiting     0.9 s  for key/port, db/port',
    '> critical path  db/server 0.9 s -> key/schema -> key/api -> img/api',
  ]);
});

test('what has ended stands below what goes on, the last on top', () => {
  expect(show(until(5200), 6100)).toEqual([
    'demo  6.1 s  3 of 5 done',
    '> * key/api       starting    1.0 s',
    '> . img/api       waiting     6.1 s  for key/port',
    '> + key/schema    done        2.1 s',
    '> + db/server     healthy     2.9 s',
    '  + cache/server  healthy     0.8 s',
    '> critical path  db/server 2.9 s -> key/schema 2.1 s -> key/api 1.1 s -> img/api',
  ]);
});

test('what stops is seen to do so, and for how long', () => {
  const lines = show([...until(5200), ...eventsOf([5300, 'stopping', 'workload:db/server'])], 9300);
  expect(lines).toContain('> * db/server     stopping    4.0 s');
});

test('a failure stands first, with the last lines of its log', () => {
  const lines = show(
    [
      ...until(2950),
      ...eventsOf(
        [2960, 'exited', 'task:key/schema', 1],
        [2970, 'failed', 'task:key/schema', 'key/schema ended with 1', 'a', 'no\u001B[2J such\ttable'],
      ),
    ],
    3000,
  );
  expect(lines.slice(0, 4)).toEqual([
    'demo  3.0 s  1 of 5 done, 1 failed',
    '  x key/schema    failed      0.1 s  ended with 1',
    '      | a',
    '      | no such  table',
  ]);
});

describe('a low terminal', () => {
  test('what has ended becomes one line, what goes on stays', () => {
    expect(show(until(5200), 6100, { height: 5 })).toEqual([
      'demo  6.1 s  3 of 5 done',
      '> * key/api       starting    1.0 s',
      '> . img/api       waiting     6.1 s  for key/port',
      '    3 done',
      '> critical path  db/server 2.9 s -> key/schema 2.1 s -> key/api 1.1 s -> img/api',
    ]);
  });

  test('then what waits', () => {
    expect(show(until(950), 950, { height: 5 })).toEqual([
      'demo  0.9 s  0 of 5 done',
      '> * db/server     starting    0.8 s',
      '  * cache/server  starting    0.8 s',
      '    3 wait',
      '> critical path  db/server 0.9 s -> key/schema -> key/api -> img/api',
    ]);
  });
});

test('at any moment, in any terminal, it fits', () => {
  fc.assert(
    fc.property(
      fc.subarray([...goodRun]),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 90 }),
      (events, height, columns) => {
        const lines = show(events, 9000, { height, columns });
        expect(lines.length).toBeLessThanOrEqual(height);
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      },
    ),
  );
});

describe('what stays in the scrollback', () => {
  const options = { symbols, columns: 80, revision: 3 };
  test('when it went well: for what the time passed', () => {
    expect(text(summary(trackAll(goodRun), cloud, options))).toEqual([
      'Done: revision 3 in 8.0 s, 5 of 5 done.',
      '  critical path  db/server 2.9 s -> key/schema 2.1 s -> key/api 2.0 s ->',
      '                 img/api 1.0 s',
      '  slowest        db/server 2.9 s, key/schema 2.1 s, key/api 1.9 s, img/api 0.9 s,',
      '                 cache/server 0.8 s',
    ]);
  });

  test('when it failed: what, its whole log, and what that left unfinished', () => {
    const logs = Array.from({ length: 15 }, (_, line) => `line ${line}`);
    const run = trackAll([
      ...until(2950),
      ...eventsOf([2970, 'failed', 'task:key/schema', 'ended with 1', ...logs], [2980, 'end', 'failed']),
    ]);
    expect(text(summary(run, cloud, { ...options, revision: null }))).toEqual([
      'Failed after 3.0 s, 1 of 5 done.',
      '  x key/schema  failed      0.1 s  ended with 1',
      ...logs.map((line) => `      | ${line}`),
      '  not finished   db/server, key/api (waits for key/schema),',
      '                 img/api (waits for key/port, db/port)',
    ]);
  });

  test('when it was interrupted', () => {
    const run = trackAll([...until(2950), ...eventsOf([2980, 'end', 'interrupted'])]);
    expect(text(summary(run, cloud, { ...options, revision: null }))[0]).toBe(
      'Interrupted after 3.0 s, 1 of 5 done.',
    );
  });
});
