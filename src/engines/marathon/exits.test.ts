import { expect, test } from 'vitest';
import { exitOf } from './exits.ts';

test.each([
  ['TASK_FAILED', 'Container exited with status 3', 3],
  ['TASK_FAILED', 'Command exited with status 75', 75],
  ['TASK_FAILED', 'Container terminated with signal Killed', 137],
  ['TASK_FINISHED', 'Container exited with status 0', 0],
  ['TASK_FINISHED', '', 0],
  ['TASK_LOST', 'the agent was removed', 1],
])('%s, “%s” is %i', (state, message, code) => {
  expect(exitOf(state, message)).toEqual({ code, refused: null });
});

test('what could not be begun is told with its cause', () => {
  const cause =
    "Failed to run 'docker -H unix:///var/run/docker.sock pull none:1': exited with status 1; stderr='not found'";
  expect(exitOf('TASK_FAILED', `Failed to launch container: ${cause}\n`)).toEqual({
    code: 125,
    refused: { why: `its image cannot be had: ${cause}`, fatal: true },
  });
});
