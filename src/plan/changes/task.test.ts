import { describe, expect, test } from 'vitest';
import type { Observed } from '../../model/plan.ts';
import { changeOf, desiredOf, type TestDesired } from '../testing.ts';

describe('tasks', () => {
  const task = (more: object = {}): TestDesired => ({ tasks: [{ id: 'web/migrate', ...more }] });
  const done = (state: TestDesired): Observed['tasks'] =>
    desiredOf(state).resources.flatMap((resource) =>
      resource.kind === 'task' ? [{ id: resource.id, fingerprint: resource.fingerprint }] : [],
    );

  test.each<[string, TestDesired | null, TestDesired, Observed, string | undefined]>([
    ['new', null, task(), {}, 'run'],
    ['the same as in the last revision', task(), task(), {}, undefined],
    ['another one', task(), task({ image: 'image:2' }), {}, 'run'],
    ['done, though no revision says so', null, task(), { tasks: done(task()) ?? [] }, undefined],
    ['in the last revision, but not done', task(), task(), { tasks: [] }, 'run'],
    ['the same, with another time-out', task(), task({ timeout: 10 }), {}, 'update'],
    ['gone', task(), {}, {}, 'delete'],
  ])('%s', (_, before, after, observed, action) => {
    expect(changeOf(before, after, 'task:web/migrate', observed)?.action).toBe(action);
  });
});
