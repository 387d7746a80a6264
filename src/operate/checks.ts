import { why } from '../execute/why.ts';
import type { DeploymentCheck } from '../model/deployment.ts';
import { KollageError } from '../model/error.ts';
import { type Around, runCommand } from './command.ts';

/** Asks what the deployment's own checks ask, one after the other. KLG-513 for the first that does not hold. */
export async function holds(checks: readonly DeploymentCheck[], around: Around): Promise<void> {
  for (const check of checks) {
    const problem = 'http' in check ? await answers(check, around) : await runCommand(check, around);
    around.signal.throwIfAborted();
    if (problem === null) continue;
    const what = check.name ?? ('http' in check ? `GET ${check.http}` : check.command);
    throw new KollageError({ code: 'KLG-513', message: `${what}: ${problem}` });
  }
}

/** Null when it is answered so, else why not. */
async function answers(
  { http, status, timeout }: Extract<DeploymentCheck, { http: string }>,
  around: Around,
): Promise<string | null> {
  const signal = AbortSignal.any([around.signal, AbortSignal.timeout(timeout * 1000)]);
  try {
    const response = await fetch(http, { redirect: 'manual', signal });
    return status.includes(response.status) ? null : `HTTP ${response.status}`;
  } catch (error) {
    return why(error);
  }
}
