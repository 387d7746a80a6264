import { expect, test } from 'vitest';
import type { Status, WorkloadStatus } from '../../operate/status.ts';
import { isWell, statusLines } from './status-table.ts';
import { plainPaint } from './testing.ts';
import { paintLine } from './text.ts';

const good = (workload: string): WorkloadStatus => ({
  workload,
  instance: workload.replace('/', '-'),
  node: 'n',
  state: 'healthy',
  why: '',
  logs: [],
});
const bad: WorkloadStatus = {
  workload: 'k/api',
  instance: 'k-api',
  node: 'n',
  state: 'unhealthy',
  why: 'HTTP 503',
  logs: ['one', 'two'],
};

function statusOf(...workloads: readonly WorkloadStatus[]): Status {
  return { deployment: 'demo', release: '2025.1', revision: 2, unfinished: false, notAsked: null, workloads };
}

function show(status: Status, height?: number): string[] {
  return statusLines(status, height).map((line) => paintLine(line, 200, plainPaint).trimEnd());
}

test('in the order given, with why and the last lines of the log', () => {
  expect(show(statusOf(good('db/server'), bad, good('z/z')))).toEqual([
    'demo  release 2025.1, revision 2, 2 of 3 healthy',
    '  healthy    db/server',
    '  unhealthy  k/api      HTTP 503',
    '             | one',
    '             | two',
    '  healthy    z/z',
  ]);
});

test('where there is no room, what is not healthy comes first and the rest is counted', () => {
  expect(show(statusOf(good('db/server'), bad, good('z/z')), 5)).toEqual([
    'demo  release 2025.1, revision 2, 2 of 3 healthy',
    '  unhealthy  k/api      HTTP 503',
    '             | one',
    '             | two',
    '  2 healthy',
  ]);
  expect(show(statusOf(good('db/server'), bad), 3).at(-1)).toBe('  1 healthy, and more that are not');
});

test('that the platform itself was not asked is said, whatever the room', () => {
  const status = { ...statusOf(good('db/server'), bad), notAsked: 'no key' };
  const line = '  the platform itself was not asked: no key';
  expect(show(status)[1]).toBe(line);
  expect(show(status, 4)).toEqual([
    'demo  release 2025.1, revision 2, 1 of 2 healthy',
    line,
    '  unhealthy  k/api      HTTP 503',
    '  1 healthy, and more that are not',
  ]);
});

test.each([
  [statusOf(good('a/a')), true],
  [statusOf(good('a/a'), bad), false],
  [statusOf({ ...good('a/a'), state: 'outdated' }), false],
  [statusOf({ ...good('a/a'), state: 'changed' }), false],
])('all is well only when all is healthy', (status, well) => {
  expect(isWell(status)).toBe(well);
});
