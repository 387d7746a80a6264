import { expect, test } from 'vitest';
import { desiredOf, needs } from '../testing.ts';
import { awaited } from './awaited.ts';

test('tasks are waited for, and the workloads that a task needs', () => {
  const desired = desiredOf({
    workloads: [
      { id: 'db/server' },
      { id: 'cache/server' },
      { id: 'web/api', needs: [{ kind: 'task', task: 'web/schema' }, needs('cache/server')] },
    ],
    tasks: [
      { id: 'web/schema', needs: [needs('db/server'), { kind: 'task', task: 'web/keys' }] },
      { id: 'web/keys' },
    ],
    endpoints: [
      { id: 'db/server', port: 1 },
      { id: 'cache/server', port: 2 },
    ],
  });
  expect([...awaited(desired)].sort()).toEqual(['task:web/keys', 'task:web/schema', 'workload:db/server']);
});
