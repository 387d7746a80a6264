import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { judge } from './law.ts';
import { changes } from './mutate.ts';
import { Runner } from './outcome.ts';
import { Sandbox, soundFiles } from './sandbox.ts';

const sandbox = new Sandbox();
const runner = new Runner();
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
});

test('the sound folder is planned without a complaint but for its plain secrets', async () => {
  const { kind, findings } = await judge(sandbox, runner, []);
  expect([kind, findings.map(({ code }) => code)]).toEqual(['done', ['KLG-124']]);
});

describe.each(soundFiles())('%s', (path) => {
  test('broken in any way: one clear outcome', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(changes, async ({ change }) => {
        await judge(sandbox, runner, [{ path, change }]);
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 10) },
    );
  });
});
