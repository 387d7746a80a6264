import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { outdated, partsOf, renewal } from './outdated.ts';

const follows = { 'back/server:port': 'restart', 'db/install:id': 'restart' } as const;
const hashOf = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 20);
const holds = (port: string | null) => ({
  'back/server:port': port === null ? null : hashOf(port),
  'db/install:id': null,
});
const published = (port?: string) => (output: string) => (output === 'back/server:port' ? port : undefined);

test('the name of an output', () => {
  expect(partsOf('back/server:port')).toEqual({ id: 'back/server', key: 'port' });
});

describe('an instance holds', () => {
  test.each<[string, Parameters<typeof outdated>[1], string | undefined, object]>([
    ['what is published', holds('1'), '1', {}],
    ['nothing that anybody has published', holds(null), undefined, {}],
    ['what it has not told', null, '2', {}],
    ['another value', holds('1'), '2', { 'back/server:port': { before: 'another value', after: '2' } }],
    ['nothing of what came since', holds(null), '2', { 'back/server:port': { before: null, after: '2' } }],
  ])('%s', (_, filled, port, expected) => {
    expect(outdated({ follows }, filled, published(port))).toEqual(expected);
  });
});

describe('what a workload says', () => {
  test('stays where all hold what is published, and where they have not told', () => {
    expect(renewal({ follows }, [holds('1'), null], published('1'), 'said')).toBe('said');
    expect(renewal({ follows }, [holds('1')], published('1'), undefined)).toBeUndefined();
  });

  test('is another for each value that one does not hold, and the same when it is asked again', () => {
    const two = renewal({ follows }, [holds('1'), holds('2')], published('2'), 'said');
    expect(two).toBe(renewal({ follows }, [holds('1')], published('2'), two));
    expect(two).not.toBe(renewal({ follows }, [holds('2')], published('1'), two));
    expect(two).not.toBe('said');
  });
});
