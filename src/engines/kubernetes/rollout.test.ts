import { describe, expect, test } from 'vitest';
import { attemptOf, awayOf, hasEnded, isSettled, troubleOf, whyNotReady } from './rollout.ts';
import { controllerShape, podShape } from './shapes.ts';

function controller(kind: string, status: object, annotations: Record<string, string> = {}) {
  const metadata = { name: 'x', generation: 3, annotations };
  return controllerShape.parse({ kind, metadata, spec: { replicas: 2 }, status });
}

describe('a workload has settled', () => {
  const all = {
    observedGeneration: 3,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
    readyReplicas: 2,
  };
  const daemon = {
    observedGeneration: 3,
    desiredNumberScheduled: 2,
    updatedNumberScheduled: 2,
    numberAvailable: 2,
  };
  test.each<[boolean, string, string, object]>([
    [true, 'when all are there', 'Deployment', all],
    [
      false,
      'not before the controller has seen what is wanted',
      'Deployment',
      { ...all, observedGeneration: 2 },
    ],
    [false, 'not while an old one is left', 'Deployment', { ...all, replicas: 3 }],
    [false, 'not while one is not updated', 'Deployment', { ...all, updatedReplicas: 1 }],
    [false, 'not while one is not ready', 'Deployment', { ...all, availableReplicas: 1 }],
    [true, 'when all are there', 'StatefulSet', { ...all, currentRevision: 'a', updateRevision: 'a' }],
    [
      false,
      'not while it rolls',
      'StatefulSet',
      { ...all, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    ],
    [true, 'when each node has one', 'DaemonSet', daemon],
    [false, 'not while a node has an old one', 'DaemonSet', { ...daemon, updatedNumberScheduled: 1 }],
    [true, 'where no node has the role', 'DaemonSet', { observedGeneration: 3 }],
  ])('%s: %s (%s)', (expected, _, kind, status) => {
    expect(isSettled(controller(kind, status))).toBe(expected);
  });

  test('a DaemonSet on a node more only when that has its pod; that is another attempt', () => {
    const on = (nodes: string) => controller('DaemonSet', daemon, { 'kollage.dev/nodes': nodes });
    expect(isSettled(on('2'))).toBe(true);
    expect(isSettled(on('3'))).toBe(false);
    expect(attemptOf(on('3'))).not.toBe(attemptOf(on('2')));
  });
});

function pod(status: object, metadata: object = {}) {
  return podShape.parse({ metadata: { name: 'p', ...metadata }, spec: {}, status });
}

const waiting = (reason: string) => ({
  containerStatuses: [{ name: 'api', state: { waiting: { reason, message: 'because' } } }],
});

describe('what stands against a pod', () => {
  test.each<[string, object, ReturnType<typeof troubleOf>]>([
    ['nothing', {}, null],
    [
      'no node',
      {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
        ],
      },
      { why: 'no node can take it: 0/3 nodes', fatal: false },
    ],
    [
      'an image that is tried again',
      waiting('ErrImagePull'),
      { why: 'its image cannot be pulled (ErrImagePull): because', fatal: false },
    ],
    [
      'an image that cannot be had',
      waiting('ImagePullBackOff'),
      { why: 'its image cannot be pulled (ImagePullBackOff): because', fatal: true },
    ],
    [
      'a Secret that is not there',
      waiting('CreateContainerConfigError'),
      { why: 'CreateContainerConfigError: because', fatal: false },
    ],
    ['its process, which is told otherwise', waiting('CrashLoopBackOff'), null],
  ])('%s', (_, status, expected) => {
    expect(troubleOf(pod(status))).toEqual(expected);
  });
});

describe('a pod is not ready', () => {
  const running = (more: object) => ({
    phase: 'Running',
    containerStatuses: [{ name: 'api', state: { running: {} }, ...more }],
  });
  test.each<[string | null, object]>([
    [null, { conditions: [{ type: 'Ready', status: 'True' }] }],
    ['its pod is being started', { phase: 'Pending' }],
    [
      'it waits for what it needs',
      { phase: 'Pending', initContainerStatuses: [{ name: 'start', state: { running: {} } }] },
    ],
    ['it has not answered its health check yet', running({ started: false })],
    ['it does not answer its health check', running({ started: true })],
    [
      'its process ended with 3',
      {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'api',
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 3 } },
          },
        ],
      },
    ],
  ])('%s', (expected, status) => {
    expect(whyNotReady(pod(status))).toBe(expected);
  });

  test('while it is removed', () => {
    const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
    expect(whyNotReady(pod(ready, { deletionTimestamp: 'now' }))).toBe('it is being removed');
  });
});

test('of a node that is lost, a pod says what to do', () => {
  const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager' }];
  const lost = podShape.parse({
    metadata: { name: 'p', deletionTimestamp: 'now' },
    spec: { nodeName: 'node3' },
    status: { conditions },
  });
  expect(awayOf(lost)).toEqual({ why: whyNotReady(lost) });
  expect(whyNotReady(lost)).toMatch(/^its node node3 is lost.*kubectl taint node node3 /);
});

test('of a node that is not heard, a pod is away, and no health check is blamed', () => {
  const of = (ready: string, containers: string) =>
    podShape.parse({
      metadata: { name: 'p' },
      spec: { nodeName: 'node3' },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: ready },
          { type: 'ContainersReady', status: containers },
        ],
      },
    });
  const why = 'its node node3 does not answer: whether it runs there still is not known';
  expect(awayOf(of('False', 'True'))).toEqual({ why });
  expect(whyNotReady(of('False', 'True'))).toBe(why);
  expect(awayOf(of('True', 'True'))).toBeNull();
  expect(awayOf(of('False', 'False'))).toBeNull();
});

test('a pod has ended as soon as its containers say so', () => {
  const ended = { state: { terminated: { exitCode: 3 } } };
  expect(hasEnded(pod({ phase: 'Running', containerStatuses: [{ name: 'api', ...ended }] }))).toBe(true);
  expect(hasEnded(pod({ phase: 'Pending', initContainerStatuses: [{ name: 'start', ...ended }] }))).toBe(
    true,
  );
  expect(
    hasEnded(pod({ phase: 'Running', containerStatuses: [{ name: 'api', state: { running: {} } }] })),
  ).toBe(false);
});
