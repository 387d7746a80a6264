import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assign, moves } from './instances.ts';

const nodes = fc
  .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 })
  .map((list) => list.sort());
const replicas = fc.nat(12);
const keep = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'gone'), { maxLength: 12 });

function placed(list: readonly string[], count: number, held?: readonly string[]) {
  return assign({ service: 'web', scale: { replicas: count }, placement: { role: 'r', nodes: list } }, held);
}

function counts(list: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(list, (node) => node)].map(([node, all]) => [node, all.length]));
}

test('as many instances as asked for, on nodes of the role, in their order', () => {
  fc.assert(
    fc.property(nodes, replicas, keep, (list, count, held) => {
      const found = placed(list, count, held);
      expect(found).toHaveLength(list.length === 0 ? 0 : count);
      expect(found).toEqual([...found].sort());
      for (const node of found) expect(list).toContain(node);
    }),
  );
});

test('spread evenly', () => {
  fc.assert(
    fc.property(nodes, replicas, (list, count) => {
      const found = counts(placed(list, count));
      const sizes = list.map((node) => found.get(node) ?? 0);
      if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test('what is there stays, as far as it is wanted and no node holds more than its share', () => {
  fc.assert(
    fc.property(nodes, replicas, keep, (list, count, held) => {
      fc.pre(list.length > 0);
      const share = Math.ceil(count / list.length);
      const there = counts(held);
      const able = list.reduce((sum, node) => sum + Math.min(share, there.get(node) ?? 0), 0);
      expect(moves(held, placed(list, count, held)).stay).toHaveLength(Math.min(count, able));
    }),
  );
});

test('assigned again, with what is there, nothing moves', () => {
  fc.assert(
    fc.property(nodes, replicas, keep, (list, count, held) => {
      const found = placed(list, count, held);
      expect(placed(list, count, found)).toEqual(found);
    }),
  );
});

test('one on each node is the list of the nodes itself', () => {
  const list = ['a', 'b'];
  expect(assign({ service: 'web', scale: { each: 'node' }, placement: { role: 'r', nodes: list } })).toBe(
    list,
  );
});

test('services begin at different nodes, components of one service at the same', () => {
  const list = Array.from({ length: 10 }, (_, index) => `n${index}`);
  const first = (service: string) =>
    assign({ service, scale: { replicas: 1 }, placement: { role: 'r', nodes: list } })[0];
  const starts = new Set(Array.from({ length: 40 }, (_, index) => first(`service-${index}`)));
  expect(starts.size).toBeGreaterThan(5);
  expect(first('service-1')).toBe(first('service-1'));
});

test('what stays and goes is what was; what stays and comes is what will be', () => {
  fc.assert(
    fc.property(keep, keep, (from, to) => {
      const { stay, added, removed } = moves(from, to);
      expect([...stay, ...removed].sort()).toEqual([...from].sort());
      expect([...stay, ...added].sort()).toEqual([...to].sort());
      for (const node of added) expect(removed).not.toContain(node);
    }),
  );
});

describe('where the engine chooses nodes', () => {
  const chosen = (replicas: number) => ({
    service: 's',
    scale: { replicas },
    placement: { role: 'r', nodes: ['a', 'b', 'c'], by: 'engine' as const },
  });

  test.each([
    ['instances are where it has put them, however many on one', 2, ['b', 'b'], ['b', 'b']],
    ['more of them come to nodes that have none', 3, ['b', 'b'], ['a', 'b', 'b']],
    ['fewer are fewer', 1, ['c', 'b'], ['c']],
    ['those of a node that may have none any more move', 2, ['x', 'b'], ['a', 'b']],
  ])('%s', (_, replicas, keep, expected) => {
    expect(assign(chosen(replicas), keep)).toEqual(expected);
  });
});
