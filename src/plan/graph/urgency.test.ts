import { expect, test } from 'vitest';
import { desiredOf, needs } from '../testing.ts';
import { urgency } from './urgency.ts';

test('who holds up more is more urgent, also where a task waits by means of its own', () => {
  const desired = desiredOf({
    workloads: [
      { id: 'db/server' },
      { id: 'cache/server' },
      { id: 'web/worker', needs: [{ kind: 'task', task: 'web/schema' }] },
      { id: 'web/other', needs: [{ kind: 'task', task: 'web/schema' }] },
      { id: 'web/api', needs: [{ kind: 'task', task: 'web/listening' }, needs('cache/server')] },
    ],
    tasks: [
      { id: 'web/schema', needs: [needs('db/server')] },
      { id: 'web/listening', needs: [needs('db/server')], awaits: ['web/worker', 'web/unknown'] },
    ],
    endpoints: [
      { id: 'db/server', port: 1 },
      { id: 'cache/server', port: 2 },
    ],
  });
  expect(Object.fromEntries(urgency(desired))).toEqual({
    'workload:db/server': 4,
    'task:web/schema': 3,
    'workload:web/worker': 2,
    'task:web/listening': 1,
    'workload:cache/server': 1,
    'workload:web/api': 0,
    'workload:web/other': 0,
  });
});
