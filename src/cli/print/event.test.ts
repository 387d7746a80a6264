import { expect, test } from 'vitest';
import { eventsOf, type Short } from '../../plan/timeline/testing.ts';
import { plainPaint } from '../live/testing.ts';
import { eventPrinter } from './event.ts';

test.each<[string, readonly Short[], string]>([
  [
    'a need without its fingerprint',
    [[1500, 'waits', 'task:a/b', 'task a/c 0a1b2c', 'd/e']],
    '   0.5 s  waiting   a/b  for a/c, d/e\n',
  ],
  [
    'the same needs only once',
    [
      [1500, 'waits', 'task:a/b', 'd/e'],
      [2500, 'waits', 'task:a/b', 'd/e'],
    ],
    '   0.5 s  waiting   a/b  for d/e\n',
  ],
  ['a start', [[1100, 'started', 'workload:a/b']], '   0.1 s  started   a/b\n'],
  ['health', [[1100, 'healthy', 'workload:a/b']], '   0.1 s  healthy   a/b\n'],
  ['a good end', [[1100, 'exited', 'task:a/b', 0]], '   0.1 s  done      a/b\n'],
  ['a bad end', [[1100, 'exited', 'task:a/b', 7]], '   0.1 s  exited    a/b  with 7\n'],
  [
    'a workload that ended, well or not',
    [[1100, 'exited', 'workload:a/b', 0]],
    '   0.1 s  exited    a/b  with 0\n',
  ],
  [
    'a stop that takes long, and its end',
    [
      [1100, 'stopping', 'workload:a/b'],
      [3100, 'stopped', 'workload:a/b'],
    ],
    '   0.1 s  stopping  a/b\n   2.1 s  stopped   a/b\n',
  ],
  [
    'a failure with its log, which cannot harm the terminal',
    [[1100, 'failed', 'task:a/b', 'a/b ended with 7', 'x\u001B[2Jy']],
    '   0.1 s  failed    a/b  a/b ended with 7\n           | xy\n',
  ],
  [
    'not what the others say better',
    [
      [1000, 'run', 'd'],
      [1100, 'created', 'task:a/b'],
      [1200, 'done', 'task:a/b'],
    ],
    '',
  ],
])('prints %s', (_name, shorts, text) => {
  expect(
    eventsOf(...shorts)
      .map(eventPrinter(1000, plainPaint))
      .join(''),
  ).toBe(text);
});
