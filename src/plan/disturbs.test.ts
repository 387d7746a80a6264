import { describe, expect, test } from 'vitest';
import { changeOf, type TestDesired, withApi } from './testing.ts';

describe('what it disturbs', () => {
  const offered = { endpoints: [{ id: 'web/public', port: 80, workload: 'web/api' }] };
  const two = { ...offered, nodes: ['a', 'b'] };
  const url = 'http://127.0.0.1:80';

  test.each<[string, TestDesired, TestDesired, readonly string[]]>([
    [
      'the only instance',
      withApi({}, offered),
      withApi({ image: 'image:2' }, offered),
      [`web/api is replaced on 1 of 1 instance: its endpoint ${url} does not answer meanwhile`],
    ],
    [
      'one of two at a time',
      withApi({ scale: { replicas: 2 } }, two),
      withApi({ scale: { replicas: 2 }, image: 'image:2' }, two),
      [],
    ],
    [
      'both at once',
      withApi({ scale: { replicas: 2 } }, two),
      withApi(
        {
          scale: { replicas: 2 },
          image: 'image:2',
          update: { strategy: 'rolling', maxUnavailable: 2, surge: 0, batch: 2 },
        },
        two,
      ),
      [`web/api restarts on 2 of 2 instances: its endpoint ${url} does not answer meanwhile`],
    ],
    [
      'an agent on each node',
      withApi({ scale: { each: 'node' } }, { nodes: ['a', 'b'] }),
      withApi({ scale: { each: 'node' }, image: 'image:2' }, { nodes: ['a', 'b'] }),
      ['web/api restarts on 2 instances, 1 at a time: what it does there waits meanwhile'],
    ],
    [
      'scaled to none',
      withApi({}, offered),
      withApi({ scale: { replicas: 0 } }, offered),
      [`web/api is scaled to none: its endpoint ${url} does not answer any more`],
    ],
    [
      'a service that goes',
      withApi({}, offered),
      {},
      [`web/api is taken away: its endpoint ${url} does not answer any more`],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(changeOf(before, after, 'workload:web/api')?.disturbs).toEqual(expected);
  });
});
