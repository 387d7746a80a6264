import { openDeployment } from '../load/deployment.ts';
import { readPasswords } from '../load/passwords.ts';
import { secretOf } from '../load/secret-of.ts';
import { KollageError, throwFirst } from '../model/error.ts';
import type { KollageEvent } from '../model/event.ts';
import type { Desired } from '../model/resource.ts';
import { runChecks } from '../plan/checks/checks.ts';
import { openState } from '../state/open.ts';
import { prepare } from './prepare.ts';
import { running } from './status.ts';
import { choose } from './verify/choose.ts';
import { ofPhase, proveAll } from './verify/prove-all.ts';

export interface VerifyRequest {
  readonly folder: string;
  /** Services or proofs; all when none is named. */
  readonly names: readonly string[];
  /** Called before anything is done, with what is going to run. */
  readonly planned: (proofs: Pick<Desired, 'resources'>) => void;
  readonly emit: (event: KollageEvent) => void;
  /** A file that a proof hands over, such as a picture of what it saw. */
  readonly file: (name: string, content: Buffer) => void;
  readonly signal: AbortSignal;
}

/**
 * Proves that what runs does what its users want of it: runs the proofs that the services of the folder bring (tasks of the phase verify), all at
 * once and each anew. Nothing of them stays, neither here nor in the platform. Holds the deployment's lock, since a platform that is
 * changed meanwhile proves nothing. KLG-520 when a proof fails, the others come to their end all the same; KLG-506 for the signal;
 * KLG-105, 406, 501, 503, 507 before anything is done.
 */
export async function verify(request: VerifyRequest): Promise<void> {
  const { folder, names, emit, file, signal } = request;
  const { proofs, findings } = await prepare(folder);
  throwFirst(findings);
  const { engine, desired, settings } = await running(folder);
  await engine.version();
  const tasks = choose(ofPhase(proofs, 'verify'), names, desired);
  const only = { ...desired, resources: tasks };
  const state = await openState(settings, desired.deployment, { secret: secretOf(folder) });
  await using _lock = await state.lock();
  const observed = await engine.observe(desired.deployment, desired);
  throwFirst(runChecks({ desired: only, last: null, observed }).filter(({ code }) => code === 'KLG-406'));
  const { values } = await readPasswords(openDeployment(folder));
  request.planned(only);
  const failed = await proveAll({
    engine,
    desired,
    proofs: tasks,
    files: proofs,
    secret: (name) => values.get(name)?.reveal(),
    emit,
    file,
    signal,
  });
  if (signal.aborted) throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
  if (failed.length > 0) throw failure(failed, tasks.length);
}

function failure(failed: readonly string[], of: number): KollageError {
  const count = `${failed.length} of ${of} ${of === 1 ? 'proof' : 'proofs'} failed`;
  return new KollageError({ code: 'KLG-520', message: `${count}: ${failed.join(', ')}` });
}
