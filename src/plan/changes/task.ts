import type { Change, Reason } from '../../model/plan.ts';
import type { Task } from '../../model/resource.ts';
import { assign } from '../instances.ts';
import type { FileDifferences } from '../reasons/files.ts';
import { taskDifference, taskReasons } from '../reasons/inputs.ts';
import { change } from './change.ts';

/**
 * What becomes of a task: run when its fingerprint is not among the done ones (`done`; when nobody looked, those of
 * the last revision are done); null when it is done and nothing about it differs.
 */
export function taskChange(
  before: Task | undefined,
  after: Task | undefined,
  done: ReadonlySet<string> | null,
  files: FileDifferences,
): Change | null {
  if (!after)
    return before ? change(before, 'delete', { reasons: [{ what: 'gone', where: before.id }] }) : null;
  const same = before?.fingerprint === after.fingerprint;
  if (done ? done.has(doneKey(after)) : same) {
    const reasons = before ? taskDifference(before, after) : [];
    return reasons.length > 0 ? change(after, 'update', { mode: 'in-place', reasons }) : null;
  }
  const nodes = taskNodes(after);
  return change(after, 'run', { reasons: why(before, after, files), instances: nodes.length, nodes });
}

/** By what a done task is known. */
export function doneKey(task: { readonly id: string; readonly fingerprint: string }): string {
  return `${task.id} ${task.fingerprint}`;
}

/** The nodes that a task runs on: every node of its role, or one. */
export function taskNodes(task: Task): readonly string[] {
  if (task.each === 'node') return task.placement.nodes;
  return assign({ service: task.service, placement: task.placement, scale: { replicas: 1 } });
}

function why(before: Task | undefined, after: Task, files: FileDifferences): Reason[] {
  if (!before) return [{ what: 'new', where: 'image', after: after.image }];
  if (before.fingerprint === after.fingerprint)
    return [{ what: 'state', where: 'task', before: 'not done', after: 'done' }];
  return taskReasons(before, after, files);
}
