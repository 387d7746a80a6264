import { expect, test } from 'vitest';
import { Grouped } from './grouped.ts';

test('lines of several sources come together, sources by name, each in its own order, and once', () => {
  const grouped = new Grouped();
  for (const [of, text] of [
    ['b', '1'],
    ['a', '2'],
    ['b', '3'],
    ['a', '1'],
  ] as const)
    grouped.add(of, text);
  const lines: string[] = [];
  grouped.flush((of, text) => lines.push(`${of} ${text}`));
  grouped.flush((of, text) => lines.push(`${of} ${text}`));
  expect(lines).toEqual(['a 2', 'a 1', 'b 1', 'b 3']);
});
