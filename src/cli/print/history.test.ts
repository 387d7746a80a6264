import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import type { HistoryRow } from '../../operate/history.ts';
import { printHistory } from './history.ts';

const row: HistoryRow = {
  number: 1,
  at: Date.UTC(2026, 0, 2, 3, 4, 5),
  endedAt: null,
  by: 'me@here',
  why: '',
  base: null,
  status: 'done',
  failure: null,
  fingerprint: 'f',
  release: '1',
  services: ['a', 'b'],
};

test('a line for each revision, with what it concerned, why it was made, and why it failed', () => {
  const services = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const second = {
    ...row,
    number: 12,
    base: 1,
    status: 'reverted',
    why: 'more\u001b[31m',
    failure: 'no',
    services,
  } as const;
  expect(printHistory([second, row], createColors(false)).split('\n')).toEqual([
    '12  2026-01-02 03:04:05  reverted   me@here  a, b, c, d, e, f and 2 more  more',
    '    no',
    ' 1  2026-01-02 03:04:05  done       me@here  first: a, b',
    '',
  ]);
});
