import { describe, expect, test } from 'vitest';
import type { Probe } from './resource.ts';
import { fillInstance, portsAt, probeAt, slotsOf } from './slots.ts';

const port = (endpoint: string, number: number, slot?: number) => ({
  endpoint,
  port: number,
  protocol: 'tcp' as const,
  exposure: 'internal' as const,
  ...(slot === undefined ? {} : { slot }),
});

const api = {
  service: 'web',
  ports: [port('web/api', 15000, 1), port('web/api', 15100, 2), port('web/debug', 9000)],
};

describe('slots', () => {
  test('are the numbers that instances may have', () => {
    expect(slotsOf(api)).toEqual([1, 2]);
    expect(slotsOf({ ports: [port('web/api', 5000)] })).toEqual([]);
  });

  test('an instance has the ports of its slot, and those that are not balanced', () => {
    expect(portsAt(api, 2).map((own) => own.port)).toEqual([15100, 9000]);
  });

  test.each([
    [1, 15000, 15000],
    [2, 15000, 15100],
    [2, 9000, 9000],
    [3, 15000, 15000],
  ])('of instance %i a probe of port %i asks %i', (number, asked, expected) => {
    const probe: Probe = { type: 'tcp', host: '127.0.0.1', port: asked };
    expect(probeAt(probe, api, number)).toEqual({ ...probe, port: expected });
  });

  test('tokens become the ports of the instance; others stay', () => {
    const text = '@{instance.port:api} @{instance.port:none} @{node.name}';
    expect(fillInstance(text, api, 1)).toBe('15000 @{instance.port:none} @{node.name}');
    expect(fillInstance(text, api, 2)).toBe('15100 @{instance.port:none} @{node.name}');
  });
});
