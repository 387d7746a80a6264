import { describe, expect, test } from 'vitest';
import { componentOf } from './exec.ts';

const ids = ['image/api', 'key/api', 'net/agent@node-1', 'net/agent@node-2', 'net/server'];

describe('the component that is meant', () => {
  test.each([
    ['key/api', 'key/api'],
    ['key', 'key/api'],
    ['net/agent@node-2', 'net/agent@node-2'],
  ])('%s is %s', (name, id) => {
    expect(componentOf(name, ids)).toBe(id);
  });

  test.each([
    ['net', 'net is several: net/agent@node-1, net/agent@node-2, net/server'],
    ['net/agent', 'net/agent is several: net/agent@node-1, net/agent@node-2'],
    ['kei/api', 'there is no component kei/api; did you mean key/api?'],
  ])('%s is not clear', (name, message) => {
    expect(() => componentOf(name, ids)).toThrow(message);
  });
});
