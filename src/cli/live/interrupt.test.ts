import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const source = new URL('./interrupt.ts', import.meta.url).href;
/** Works on for ever after the first signal. */
const program = `
  const { interruptible } = await import(${JSON.stringify(source)});
  const { signal } = interruptible(() => process.stdout.write(\`stopping \${signal.aborted}\\n\`));
  setInterval(() => undefined, 1000);
  process.stdout.write('ready\\n');
`;

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the first %s asks it to stop, the second ends it at once with %d', async (name, code) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const heard: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard.push(text.trim());
    child.kill(name);
  });
  expect(await once(child, 'exit')).toEqual([code, null]);
  expect(heard).toEqual(['ready', 'stopping true']);
});
