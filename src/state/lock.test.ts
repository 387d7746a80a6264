import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { scratch } from '../../test/support/folders.ts';
import { releaseLock, startOf, takeLock } from './lock.ts';
import { prepareSchema } from './schema.ts';

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

/** A process that takes the lock of a file, and ends with the test. */
async function holderOf(file: string): Promise<number> {
  const here = (name: string) => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)));
  const script = `
    const { DatabaseSync } = await import('node:sqlite');
    const { takeLock } = await import(${here('lock.ts')});
    takeLock(new DatabaseSync(${JSON.stringify(file)}));
    console.log('taken');
    setInterval(() => {}, 1000);`;
  const flags = ['--no-warnings', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  if (child.pid === undefined) throw new Error('it did not start');
  return child.pid;
}

test('a holder that lives keeps it; whoever has the id of one that is dead is not the holder', async () => {
  const file = join(scratch(), 'state.sqlite');
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  prepareSchema(database);
  const holder = await holderOf(file);
  expect(takeLock(database)).toMatchObject({ pid: holder });
  process.kill(holder, 'SIGKILL');
  await vi.waitFor(() => expect(startOf(holder)).toBeNull());

  // The kernel gives the id of the dead one to somebody else: this is what the file and the host look like then.
  const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await once(stranger, 'spawn');
  const { pid = 0 } = stranger;
  database.prepare('UPDATE lock SET pid = ?').run(pid);
  expect(startOf(pid)).not.toBe(database.prepare('SELECT started FROM lock').get()?.['started']);
  expect(takeLock(database)).toBeNull();
  expect(database.prepare('SELECT pid FROM lock').get()).toEqual({ pid: process.pid });
  releaseLock(database);
});
