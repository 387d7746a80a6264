import { expect, test } from 'vitest';
import { desiredOf, planOf, type TestDesired } from '../testing.ts';
import { upgradeSteps } from './steps.ts';

const release = (image: string, added: TestDesired['workloads'] = []): TestDesired => ({
  workloads: [{ id: 'web/api', image }, { id: 'store/server', image: 'same' }, ...added],
  tasks: [
    { id: 'web/sync', image, phase: 'expand' },
    { id: 'web/rows', image, phase: 'migrate' },
    { id: 'web/last', image, phase: 'contract' },
    { id: 'web/once', image: 'same' },
  ],
});

test('an upgrade in words: what is asked, and what comes to pass before, at and after the exchange', () => {
  const before = release('old', [{ id: 'web/gone', image: 'old' }]);
  const after = release('new', [{ id: 'web/added', image: 'new' }]);
  const checks = desiredOf({ tasks: [{ id: 'web/check', phase: 'check' }] }).resources.flatMap((made) =>
    made.kind === 'task' ? [made] : [],
  );
  const steps = upgradeSteps(planOf(before, after), desiredOf(after), checks);
  expect(steps).toEqual([
    {
      service: 'web',
      check: ['check'],
      before: ['sync'],
      change: ['api'],
      create: ['added'],
      remove: ['gone'],
      after: expect.arrayContaining(['rows', 'last']),
      disturbs: expect.any(Array),
    },
  ]);
  expect(steps[0]?.disturbs.some((sentence) => sentence.includes('web/api'))).toBe(true);
});

test('nothing to do is no step', () => {
  expect(upgradeSteps(planOf(release('old'), release('old')), desiredOf(release('old')), [])).toEqual([]);
});
