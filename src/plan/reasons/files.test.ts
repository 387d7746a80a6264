import { applyPatch } from 'diff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from './files.ts';

const text = fc.array(fc.constantFrom('a = 1', 'b = 2', '', '[s]', '-x', '+y', '@@'), { maxLength: 30 });

test('a difference, applied to the file before, gives the file after', () => {
  fc.assert(
    fc.property(text, text, fc.boolean(), fc.boolean(), (before, after, endBefore, endAfter) => {
      const [old, now] = [
        before.join('\n') + (endBefore ? '\n' : ''),
        after.join('\n') + (endAfter ? '\n' : ''),
      ];
      const diff = unifiedDiff(old, now);
      expect(applyPatch(old, `--- a\n+++ b\n${diff}`)).toBe(now);
    }),
  );
});

test('three lines around, no more', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `k${index} = 1`);
  const after = lines.with(10, 'k10 = 2');
  expect(unifiedDiff(`${lines.join('\n')}\n`, `${after.join('\n')}\n`)).toBe(
    '@@ -8,7 +8,7 @@\n k7 = 1\n k8 = 1\n k9 = 1\n-k10 = 1\n+k10 = 2\n k11 = 1\n k12 = 1\n k13 = 1\n',
  );
});

test('files that have nothing in common are not worked out to the end', () => {
  const lines = (name: string) => Array.from({ length: 50_000 }, (_, index) => `${name}${index}\n`).join('');
  expect(unifiedDiff(lines('a'), lines('b'))).toBeUndefined();
});
