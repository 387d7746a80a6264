import { randomUUID } from 'node:crypto';
import { hash } from '../../compile/fingerprint.ts';
import type { Engine } from '../../engines/engine.ts';
import { Watched } from '../../execute/watched.ts';
import type { EventBody, KollageEvent } from '../../model/event.ts';
import type { ConfigBundle, Desired, Task } from '../../model/resource.ts';
import { prove } from './prove.ts';

export interface Proving {
  readonly engine: Engine;
  /** What runs. */
  readonly desired: Desired;
  /** The proofs to be run, and files of proofs. */
  readonly proofs: readonly Task[];
  readonly files: readonly (Task | ConfigBundle)[];
  readonly secret: (name: string) => string | undefined;
  readonly emit: (event: KollageEvent) => void;
  /** A file that a proof hands over. */
  readonly file: (name: string, content: Buffer) => void;
  /** A fact that one of them tells. */
  readonly fact?: (name: string, value: string) => void;
  readonly signal: AbortSignal;
}

/** Runs proofs, all at once and each anew; gives the ids of those that do not hold, sorted. Nothing of them stays. KLG-5xx. After the signal it ends as soon as the proofs have taken away what is theirs. */
export async function proveAll(run: Proving): Promise<string[]> {
  const { engine, desired, signal } = run;
  const id = randomUUID();
  const bundles = new Map(run.files.flatMap((one) => (one.kind === 'config' ? [[one.id, one]] : [])));
  const emit = (event: EventBody) => run.emit({ at: Date.now(), ...event });
  emit({ type: 'run-started', run: id, deployment: desired.deployment, changes: run.proofs.length });
  const until = new AbortController();
  let broken: unknown;
  const watched = new Watched(engine.watch(desired.deployment, until.signal), (error) => {
    broken = error;
    until.abort(error);
  });
  const ends = AbortSignal.any([signal, until.signal]);
  const failed: string[] = [];
  try {
    await Promise.all(
      run.proofs.map(async (task) => {
        // Another run of a task is another task to an engine: what an earlier run left of it gives way.
        const proof = { ...task, fingerprint: hash([task.fingerprint, id]) };
        const bundle = bundles.get(proof.id) ?? null;
        const { secret, file, fact } = run;
        if (
          !(await prove({ engine, desired, proof, bundle, watched, secret, emit, file, fact, signal: ends }))
        )
          failed.push(proof.id);
      }),
    );
  } finally {
    until.abort();
    await watched.ended;
    const outcome = signal.aborted ? 'interrupted' : failed.length > 0 ? 'failed' : 'done';
    emit({ type: 'run-ended', run: id, outcome });
  }
  // What is not heard of any more has neither held nor failed.
  if (broken !== undefined && !signal.aborted) throw broken;
  return failed.sort();
}

/** The proofs of a phase. */
export function ofPhase(proofs: readonly (Task | ConfigBundle)[], phase: 'verify' | 'check'): Task[] {
  return proofs.flatMap((proof) => (proof.kind === 'task' && proof.phase === phase ? [proof] : []));
}
