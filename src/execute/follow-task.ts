import type { Engine, InstanceEvent, Provision } from '../engines/engine.ts';
import { KollageError } from '../model/error.ts';
import type { Task } from '../model/resource.ts';
import type { Watched } from './watched.ts';

export interface Followed {
  readonly engine: Engine;
  readonly task: Task;
  readonly instance: string;
  readonly provision: Provision;
  /** The deployment's events. */
  readonly watched: Watched;
  readonly event: (event: InstanceEvent) => void;
  /** Each line that it prints, as it comes. */
  readonly line: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Seconds beyond what a task may take after which it is taken for lost: a container that somebody removed tells nothing. */
const late = 60;

/**
 * Runs a task once and follows it to its end; gives its exit code when all that it printed has been told. KLG-505 when it takes longer than it may.
 * When the signal comes it throws the signal's reason and leaves the task running: stopping it is the caller's.
 */
export async function followTask(run: Followed): Promise<number> {
  const { engine, task, instance, provision, watched, signal } = run;
  const ended = Promise.withResolvers<number>();
  ended.promise.catch(() => undefined);
  const abort = () => ended.reject(signal.reason);
  const giveUp = () =>
    ended.reject(
      new KollageError({ code: 'KLG-505', message: `${task.id} did not end in ${task.timeout} s` }),
    );
  const done = new AbortController();
  let forget = () => {};
  let timer: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    // What an earlier run that was killed left of it would be heard under the same name.
    await engine.removeInstance(provision.deployment, instance);
    forget = watched.on(instance, (event) => {
      run.event(event);
      if (event.type === 'exited') ended.resolve(event.code);
    });
    await engine.startTask(task, provision);
    timer = setTimeout(giveUp, (provision.needsTimeout + task.timeout + late) * 1000);
    const printed = print(run, AbortSignal.any([signal, done.signal]));
    const code = await Promise.race([ended.promise, printed.then(() => ended.promise)]);
    await printed;
    return code;
  } finally {
    clearTimeout(timer);
    forget();
    signal.removeEventListener('abort', abort);
    done.abort();
  }
}

async function print({ engine, instance, provision, line }: Followed, signal: AbortSignal): Promise<void> {
  const lines = engine.logs(provision.deployment, instance, { follow: true }, signal);
  for await (const text of lines) line(text);
}
