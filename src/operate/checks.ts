import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Engine } from '../engines/engine.ts';
import { captured } from '../engines/io.ts';
import { why } from '../execute/why.ts';
import type { DeploymentCheck } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import type { Desired } from '../model/resource.ts';

export interface Checked {
  readonly folder: string;
  readonly engine: Engine;
  readonly desired: Desired;
  readonly signal: AbortSignal;
}

/** Asks what the deployment's own checks ask, one after the other. KLG-513 for the first that does not hold. */
export async function holds(checks: readonly DeploymentCheck[], checked: Checked): Promise<void> {
  for (const check of checks) {
    const problem = await ask(check, checked);
    checked.signal.throwIfAborted();
    if (problem === null) continue;
    const what = check.name ?? ('http' in check ? `GET ${check.http}` : check.command);
    throw new KollageError({ code: 'KLG-513', message: `${what}: ${problem}` });
  }
}

/** Null when it holds, else why not. */
async function ask(check: DeploymentCheck, checked: Checked): Promise<string | null> {
  const signal = AbortSignal.any([checked.signal, AbortSignal.timeout(check.timeout * 1000)]);
  try {
    if ('http' in check) {
      const { status } = await fetch(check.http, { redirect: 'manual', signal });
      return check.status.includes(status) ? null : `HTTP ${status}`;
    }
    return check.in === undefined
      ? await onHost(check.command, checked, signal)
      : await inside(check.in, check.command, checked);
  } catch (error) {
    return why(error);
  }
}

async function onHost(
  command: string,
  { folder, desired }: Checked,
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

async function inside(id: string, command: string, { engine, desired }: Checked): Promise<string | null> {
  const { deployment } = desired;
  const instance = engine.instanceName(deployment, id, 1);
  const { code, output } = await captured((io) =>
    engine.exec(deployment, instance, ['sh', '-c', command], io),
  );
  return code === 0 ? null : ended(code, output);
}

function ended(code: unknown, output: string): string {
  const last = output.trim().split('\n').at(-1);
  return last ? `it ends with ${code}: ${last}` : `it ends with ${code}`;
}
