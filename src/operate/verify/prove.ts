import type { Engine } from '../../engines/engine.ts';
import { followTask } from '../../execute/follow-task.ts';
import { told } from '../../execute/told.ts';
import type { Watched } from '../../execute/watched.ts';
import { KollageError } from '../../model/error.ts';
import type { EventBody } from '../../model/event.ts';
import { type ConfigBundle, type Desired, keyOf, type Task } from '../../model/resource.ts';

export interface ProofRun {
  readonly engine: Engine;
  /** What runs. */
  readonly desired: Desired;
  readonly proof: Task;
  readonly bundle: ConfigBundle | null;
  readonly watched: Watched;
  readonly secret: (name: string) => string | undefined;
  readonly emit: (event: EventBody) => void;
  /** A file that the proof hands over; its name begins with the service's. */
  readonly file: (name: string, content: Buffer) => void;
  /** A fact that it tells. */
  readonly fact?: ((name: string, value: string) => void) | undefined;
  readonly signal: AbortSignal;
}

/** Seconds in which what a proof needs must be there: a platform that was brought up answers at once. */
const needsTimeout = 60;
/** Lines of its log that a proof shows when it fails. */
const shown = 15;

/**
 * Runs a proof and tells of it; gives whether it holds. Its container is taken away in any case, and one that still runs is told to stop
 * before, so that it takes away what it made. KLG-5xx when that cannot be done.
 */
export async function prove(run: ProofRun): Promise<boolean> {
  const { engine, desired, proof, emit, signal } = run;
  const key = keyOf(proof);
  const instance = engine.instanceName(desired.deployment, proof.id, 1);
  const ref = { key, instance, node: proof.placement.nodes[0] ?? '' };
  const logs: string[] = [];
  const line = (text: string) => {
    const what = told(text);
    if ('step' in what) emit({ type: 'step', ...ref, text: what.step });
    else if ('fact' in what) run.fact?.(what.fact, what.value);
    else if ('file' in what) run.file(`${proof.service}-${what.file}`, what.content);
    else logs.push(what.line);
  };
  emit({ type: 'change-started', key, action: 'run', reasons: [] });
  try {
    const code = await followTask({
      engine,
      task: proof,
      instance,
      provision: {
        deployment: desired.deployment,
        bundle: run.bundle,
        tasks: needed(proof, desired),
        secret: run.secret,
        needsTimeout,
        desired,
      },
      watched: run.watched,
      event: (event) => emit({ ...ref, ...event }),
      line,
      signal,
    });
    if (code !== 0)
      throw new KollageError({ code: 'KLG-520', message: logs.at(-1) ?? `it ended with ${code}` });
    emit({ type: 'change-done', key });
    return true;
  } catch (error) {
    if (!signal.aborted) {
      const message = error instanceof Error ? error.message : String(error);
      emit({ type: 'change-failed', key, message, logs: logs.slice(-shown) });
    }
    return false;
  } finally {
    await engine.removeInstance(desired.deployment, instance);
  }
}

/** The fingerprints of the tasks that it needs. */
function needed(proof: Task, { resources }: Desired): ReadonlyMap<string, string> {
  const wanted = new Set(proof.needs.flatMap((need) => (need.kind === 'task' ? [need.task] : [])));
  return new Map(
    resources.flatMap((r) => (r.kind === 'task' && wanted.has(r.id) ? [[r.id, r.fingerprint] as const] : [])),
  );
}
