import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { vi } from 'vitest';

// A program is started many times here, perhaps on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const binary = resolve(import.meta.dirname, '../../kollage');
/** The folder of a small platform with its own catalog, which nobody may write to. */
export const shop = resolve(import.meta.dirname, '../fuzz/shop');

/** Runs the real program, as a person without any settings does. Never rejects: how it ended is what it gives. */
export function kollage(
  args: readonly string[],
  options: { cwd?: string; env?: Readonly<Record<string, string>>; uid?: number } = {},
): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: '/nonexistent',
    KOLLAGE_STATE: '/nonexistent',
    ...options.env,
  };
  const { promise, resolve } = Promise.withResolvers<Ended>();
  // Ended by force after a minute: a command that hangs fails its test.
  const how = { ...options, env, encoding: 'utf8', timeout: 60_000, maxBuffer: 2 ** 26 } as const;
  execFile(binary, args, how, (error, stdout, stderr) => {
    const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
    resolve({ code, stdout, stderr });
  });
  return promise;
}
