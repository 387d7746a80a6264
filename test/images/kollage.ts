import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { ImageEvent } from '../../src/images/events.ts';

/** KOLLAGE_TEST_RELEASE picks another release than the default one. */
export const release = process.env['KOLLAGE_TEST_RELEASE'] ?? '2025.1';

const program = resolve(import.meta.dirname, '../../kollage');

/** `kollage images build --json`: its exit status and the events that it printed. */
export async function build(
  args: readonly string[],
  watch: (event: ImageEvent, child: ChildProcess) => void = () => undefined,
): Promise<{ status: number | null; events: ImageEvent[]; errors: string }> {
  const child = spawn(program, ['images', 'build', '--json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const events: ImageEvent[] = [];
  let rest = '';
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event: ImageEvent = JSON.parse(line);
      events.push(event);
      watch(event, child);
    }
  });
  const status = await new Promise<number | null>((done) => child.on('close', done));
  return { status, events, errors };
}

/** Runs a command in a new container of an image, without its entry point. Gives its exit status and all that it printed. */
export async function inImage(
  reference: string,
  command: string,
  options: readonly string[] = [],
): Promise<{ status: number | null; output: string }> {
  const args = [
    'run',
    '--rm',
    '--network=none',
    '--entrypoint',
    '',
    ...options,
    reference,
    'sh',
    '-c',
    command,
  ];
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  const status = await new Promise<number | null>((done) => child.on('close', done));
  return { status, output };
}

/** Makes what is missing of the release's images, from Debian's packages. Throws with what failed. */
export async function buildAll(): Promise<void> {
  const { status, events, errors } = await build(['--release', release]);
  const failed = events.filter((event) => event.type === 'failed');
  if (status !== 0) throw new Error(`${errors}${JSON.stringify(failed, null, 2)}`);
}
