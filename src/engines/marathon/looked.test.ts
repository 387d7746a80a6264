import { expect, test } from 'vitest';
import { attemptOf, type Instance, isSettled, whyNot } from './looked.ts';
import { type AppShape, isCurrent, type TaskShape } from './shapes.ts';

const changed = '2026-01-01T10:00:00.000Z';
const scaled = '2026-01-01T11:00:00Z';

function taskOf(more: Partial<TaskShape> = {}): TaskShape {
  return { id: 'a.1', state: 'TASK_RUNNING', version: changed, healthCheckResults: [], ...more };
}

function instanceOf(more: Partial<Instance> = {}): Instance {
  return {
    task: taskOf(),
    isWell: true,
    since: 1,
    waits: false,
    needs: [],
    filled: null,
    isCurrent: true,
    ...more,
  };
}

const app: AppShape = {
  id: '/test/a',
  version: scaled,
  versionInfo: { lastConfigChangeAt: changed },
  instances: 2,
  labels: {},
  healthChecks: [],
  tasks: [],
};

test('a change of the number alone leaves tasks what their app is', () => {
  expect(isCurrent(app, taskOf())).toBe(true);
  expect(isCurrent({ ...app, versionInfo: undefined }, taskOf())).toBe(false);
  expect(isCurrent(app, taskOf({ version: '2026-01-01T09:59:59Z' }))).toBe(false);
});

test('the same moment is the same attempt, however it is written', () => {
  expect(attemptOf(app)).toBe(attemptOf({ ...app, version: '2026-01-01T11:00:00.000Z' }));
});

test.each([
  ['as many as shall be, all well', [{}, {}], true],
  ['one too few', [{}], false],
  ['one of before is left', [{}, {}, { isCurrent: false }], false],
  ['one in the place of another', [{}, { isCurrent: false }], false],
  ['one is not well yet', [{}, { isWell: false }], false],
] as const)('%s: settled %o', (_, instances, expected) => {
  expect(
    isSettled(
      app,
      instances.map((one) => instanceOf(one)),
    ),
  ).toBe(expected);
});

test.each([
  [{}, null],
  [
    { isWell: false, since: null, needs: ['db/main', 'task db/schema x'] },
    'it waits for db/main, task db/schema x',
  ],
  [{ isWell: false, since: null }, 'it is being started'],
  [{ isWell: false }, 'it has not answered its health check yet'],
  [
    { isWell: false, task: taskOf({ healthCheckResults: [{ alive: false, lastFailureCause: 'refused' }] }) },
    'it does not answer its health check: refused',
  ],
  [{ task: taskOf({ state: 'TASK_KILLING' }) }, 'it is being removed'],
  [
    { task: taskOf({ state: 'TASK_UNREACHABLE' }) },
    'its agent cannot be reached: whether it runs on is not known',
  ],
])('%j: %s', (more, why) => {
  expect(whyNot(instanceOf(more))).toBe(why);
});
