import { expect, test } from 'vitest';
import type { EventBody, InstanceRef } from '../../model/event.ts';
import { trackAll } from '../../plan/timeline/track.ts';
import { symbolsFor } from './symbols.ts';
import { plainPaint } from './testing.ts';
import { paintLine } from './text.ts';
import { verdict } from './verdict.ts';

const ref = (id: string): InstanceRef => ({ key: `task:${id}`, instance: id, node: 'localhost' });
const begin = (id: string): EventBody[] => [
  { type: 'change-started', key: `task:${id}`, action: 'run', reasons: [] },
  { type: 'started', ...ref(id) },
];
const step = (id: string, text: string): EventBody => ({ type: 'step', ...ref(id), text });

/** A second passes between each two events. */
function shown(...events: readonly EventBody[]): string[] {
  const run = trackAll(events.map((event, index) => ({ at: index * 1000, ...event })));
  const needs = { of: new Map(), named: new Map() };
  const lines = verdict(run, needs, { symbols: symbolsFor({ LANG: 'C' }), columns: 100, revision: null });
  return lines.map((line) => paintLine(line, Number.POSITIVE_INFINITY, plainPaint).trimEnd());
}

const begun: EventBody = { type: 'run-started', run: '1', deployment: 'cloud', changes: 2 };

test('each proof with its steps, and how long all took', () => {
  const lines = shown(
    begun,
    ...begin('web/verify'),
    step('web/verify', 'page \u001B[31mshown'),
    { type: 'change-done', key: 'task:web/verify' },
    { type: 'run-ended', run: '1', outcome: 'done' },
  );
  expect(lines).toEqual([
    '  + web/verify  done        2.0 s',
    '      page shown',
    'Verified: 1 of 1 proof holds, in 5.0 s.',
  ]);
});

test('one that fails shows the end of its log', () => {
  const lines = shown(
    begun,
    ...begin('web/verify'),
    ...begin('shop/verify'),
    { type: 'change-failed', key: 'task:web/verify', message: 'no page', logs: ['404', 'no page'] },
    { type: 'change-done', key: 'task:shop/verify' },
    { type: 'run-ended', run: '1', outcome: 'failed' },
  );
  expect(lines).toEqual([
    '  + shop/verify  done        2.0 s',
    expect.stringMatching(/^ {2}\S web\/verify {3}failed {6}3\.0 s {2}no page$/),
    '      | 404',
    '      | no page',
    'Not verified after 7.0 s: 1 of 2 proofs hold.',
  ]);
});

test('an interrupted one is neither', () => {
  const lines = shown(begun, ...begin('web/verify'), { type: 'run-ended', run: '1', outcome: 'interrupted' });
  expect(lines.at(-1)).toBe('Interrupted after 3.0 s: 0 of 1 proof holds.');
});
