import type { Means } from '../../execute/take-back.ts';
import { KollageError } from '../../model/error.ts';
import type { ErrorCode } from '../../model/errors.ts';
import type { KollageEvent } from '../../model/event.ts';
import type { ConfigBundle, Desired, Task } from '../../model/resource.ts';
import { proveAll } from '../verify/prove-all.ts';

export interface Job {
  readonly means: Pick<Means, 'engine' | 'emit' | 'signal'>;
  /** What runs. */
  readonly desired: Desired;
  readonly secret: (name: string) => string | undefined;
  readonly task: Task;
  /** Variables that tell it of its occasion. */
  readonly env: Readonly<Record<string, string>>;
  /** What it is an error of when it ends badly. */
  readonly code: ErrorCode;
}

/**
 * Runs a task of an occasion beside what runs, anew and without a record, and gives the facts that it tells. Throws `code` with the last line of its log
 * when it ends badly, KLG-506 when it was interrupted; it was told to stop then, and has ended.
 */
export async function runJob({ means, desired, secret, task, env, code }: Job): Promise<Map<string, string>> {
  const { engine, signal } = means;
  const facts = new Map<string, string>();
  let problem = 'it ended badly';
  const emit = (event: KollageEvent) => {
    if (event.type === 'change-failed') problem = event.message;
    means.emit(event);
  };
  const failed = await proveAll({
    engine,
    desired,
    proofs: [{ ...task, phase: 'verify', env: { ...task.env, ...env } }],
    files: desired.resources.filter((one): one is ConfigBundle => one.kind === 'config'),
    secret,
    emit,
    file: () => undefined,
    fact: (name, value) => void facts.set(name, value),
    signal,
  });
  if (signal.aborted) throw new KollageError({ code: 'KLG-506', message: 'interrupted' });
  if (failed.length > 0) throw new KollageError({ code, message: `${task.id}: ${problem}` });
  return facts;
}
