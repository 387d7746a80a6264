import fc from 'fast-check';
import { expect, test } from 'vitest';
import { criticalPath } from '../../plan/timeline/critical.ts';
import { cloud, eventsOf, goodRun } from '../../plan/timeline/testing.ts';
import { makeTimeline } from '../../plan/timeline/timeline.ts';
import { trackAll } from '../../plan/timeline/track.ts';
import { gantt } from './gantt.ts';
import { printTimeline } from './print-timeline.ts';
import { symbolsFor } from './symbols.ts';
import { plainPaint } from './testing.ts';
import { paintLine, widthOf } from './text.ts';

const symbols = symbolsFor({ LANG: 'C' });
const bare = { resources: [] };

function chart(events: Parameters<typeof makeTimeline>[0], columns: number): string[] {
  return gantt(makeTimeline(events, bare), { symbols, columns }).map((line) =>
    paintLine(line, 500, plainPaint).trimEnd(),
  );
}

test('dots while it waits, a bar while it runs, against seconds', () => {
  expect(chart(goodRun, 60)).toEqual([
    '               0        2        4        6 s',
    '  db/server    #############                          2.9 s',
    '  cache/server .###                                   0.8 s',
    '  key/schema   .............#########                 2.1 s',
    '  key/api      .......................########        1.9 s',
    '> img/api      ................................####   0.9 s',
  ]);
});

test('what never started has no bar and no time', () => {
  const [, free, bound] = chart(
    eventsOf(
      [0, 'run', 'd'],
      [0, 'created', 'task:a/a'],
      [500, 'waits', 'task:b/b', 'a/a'],
      [4000, 'end', 'interrupted'],
    ),
    40,
  );
  expect(free).toMatch(/^ {2}a\/a #{25} {3}4\.0 s$/);
  expect(bound).toMatch(/^ {2}b\/b {4}\.{22} {7}-$/);
});

test('where there is room, what never started says what it waited for', () => {
  const events = eventsOf(
    [0, 'run', 'd'],
    [500, 'waits', 'task:b/b', 'a/a', 'c/c'],
    [4000, 'end', 'interrupted'],
  );
  expect(chart(events, 80).at(-1)).toMatch(/- {2}for a\/a, c\/c$/);
});

test('no line is wider than a terminal of some width', () => {
  expect(criticalPath(trackAll(goodRun), cloud).length).toBe(4);
  fc.assert(
    fc.property(fc.subarray([...goodRun]), fc.integer({ min: 44, max: 200 }), (events, columns) => {
      for (const line of chart(events, columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }),
  );
});

test('a revision that was cut off says so', () => {
  const cutOff = { number: 4, status: 'applying' as const, by: 'me@here', release: '1', timeline: null };
  expect(printTimeline(cutOff, { symbols, columns: 80 }, plainPaint)).toBe(
    'Revision 4 has no timeline: its run was killed before anything happened.\n',
  );
});
