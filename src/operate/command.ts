import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Engine } from '../engines/engine.ts';
import { captured } from '../engines/io.ts';
import { why } from '../execute/why.ts';
import type { Desired } from '../model/resource.ts';
import { firstRunning } from './exec.ts';

/** Where a deployment's own commands run. */
export interface Around {
  readonly folder: string;
  readonly engine: Engine;
  readonly desired: Desired;
  readonly signal: AbortSignal;
}

/** A shell's command line on the operator's host, in the deployment folder; or in the first instance of a component. */
export interface OwnCommand {
  readonly command: string;
  readonly in?: string | undefined;
  /** Seconds that it may take. */
  readonly timeout: number;
}

/** Runs one; gives null when it ends with 0, else how it ended and the last line that it said. */
export async function runCommand(own: OwnCommand, around: Around): Promise<string | null> {
  const signal = AbortSignal.any([around.signal, AbortSignal.timeout(own.timeout * 1000)]);
  try {
    return own.in === undefined
      ? await onHost(own.command, around, signal)
      : await inside(own.in, own.command, around);
  } catch (error) {
    return why(error);
  }
}

async function onHost(
  command: string,
  { folder, desired }: Around,
  signal: AbortSignal,
): Promise<string | null> {
  const env = { ...process.env, KOLLAGE_FOLDER: folder, KOLLAGE_DEPLOYMENT: desired.deployment };
  return promisify(execFile)('sh', ['-c', command], { cwd: folder, env, signal }).then(
    () => null,
    (error: unknown) => {
      if (!(error instanceof Error) || !('stderr' in error) || !('code' in error)) throw error;
      return ended(error.code, String(error.stderr));
    },
  );
}

async function inside(id: string, command: string, { engine, desired }: Around): Promise<string | null> {
  const { deployment } = desired;
  const { instances = [] } = await engine.observe(deployment, desired);
  const first = firstRunning(instances.filter(({ workload }) => workload === id));
  const instance = first ?? engine.instanceName(deployment, id, 1);
  const { code, output } = await captured((io) =>
    engine.exec(deployment, instance, ['sh', '-c', command], io),
  );
  return code === 0 ? null : ended(code, output);
}

function ended(code: unknown, output: string): string {
  const last = output.trim().split('\n').at(-1);
  return last ? `it ends with ${code}: ${last}` : `it ends with ${code}`;
}
