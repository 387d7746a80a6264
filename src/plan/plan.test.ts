import { expect, test } from 'vitest';
import { makePlan } from './plan.ts';
import { desiredOf, finish, needs, planOf, type TestDesired } from './testing.ts';

test('a volume that goes is a warning', () => {
  expect(planOf({ volumes: ['web/data'] }, {})).toMatchObject({
    changes: [{ key: 'volume:web/data', action: 'delete' }],
    findings: [{ code: 'KLG-407', severity: 'warning' }],
    summary: { delete: 1, none: 0 },
  });
});

test('a volume that becomes another one is a warning, one that grows is not', () => {
  const base = desiredOf({ volumes: ['web/data'] });
  const to = (more: object) =>
    makePlan({
      desired: finish({ ...base, resources: base.resources.map((volume) => ({ ...volume, ...more })) }),
      last: base,
      observed: {},
    });
  expect(to({ each: 'deployment' })).toMatchObject({
    changes: [{ key: 'volume:web/data', action: 'update', mode: 'in-place' }],
    findings: [{ code: 'KLG-407', severity: 'warning' }],
  });
  expect(to({ size: '2G' })).toMatchObject({ summary: { update: 1 }, findings: [] });
});

test('in the order in which they can begin, deletions last and in reverse', () => {
  const chain = (version: string): TestDesired => ({
    endpoints: [{ id: 'a/db', port: 1 }],
    workloads: [
      { id: 'a/db', image: version },
      { id: 'a/app', image: version, needs: [{ kind: 'task', task: 'a/sync' }] },
    ],
    tasks: [{ id: 'a/sync', image: version, needs: [needs('a/db')] }],
  });
  const keys = (before: TestDesired | null, after: TestDesired) =>
    planOf(before, after).changes.map(({ key }) => key);
  const forward = ['workload:a/db', 'task:a/sync', 'workload:a/app'];
  expect(keys(null, chain('1'))).toEqual(['endpoint:a/db', ...forward]);
  expect(keys(chain('1'), chain('2'))).toEqual(forward);
  expect(keys(chain('1'), {})).toEqual([...forward].reverse().concat('endpoint:a/db'));
});
