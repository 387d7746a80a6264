import { afterAll, describe, expect, test } from 'vitest';
import { judge } from './law.ts';
import { type Case, folderCases, jinjaCases, yamlCases } from './nasty.ts';
import { Runner } from './outcome.ts';
import { Sandbox } from './sandbox.ts';

const sandbox = new Sandbox();
const runner = new Runner();
afterAll(async () => {
  sandbox[Symbol.dispose]();
  await runner[Symbol.asyncDispose]();
});

async function holds([, ends, ...edits]: Case): Promise<void> {
  const { findings } = await judge(sandbox, runner, edits);
  const first = findings.find(({ severity }) => severity === 'error');
  if (ends !== '*') expect(first?.code ?? 'done').toBe(ends);
}

describe.each([
  ['YAML', yamlCases],
  ['Jinja', jinjaCases],
  ['the folder', folderCases],
] as const)('%s', (_, cases) => {
  test.each(cases.map((one) => [one[0], one] as const))('%s', { timeout: 60_000 }, async (_, one) => {
    await holds(one);
  });
});
