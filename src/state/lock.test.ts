import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { startOf } from './lock.ts';

test('a process that lives is known by when it started', () => {
  expect(startOf(process.pid)).toMatch(/^\d+$/);
});

test('one that is dead holds nothing any more, also while its parent has not asked for it', async () => {
  // Its shell becomes a program that never asks.
  const parent = spawn('sh', ['-c', 'tail -f /dev/null & echo $!; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  expect(startOf(pid)).not.toBeNull();
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(startOf(pid)).toBeNull());
  expect(() => process.kill(pid, 0), 'it is there, dead').not.toThrow();
  parent.kill();
});
