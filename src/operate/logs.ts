import { KollageError } from '../model/error.ts';
import { suggestion } from '../model/nearest.ts';
import { running } from './status.ts';

export interface LogRequest {
  readonly folder: string;
  /** A service, component or task; all when none is named. */
  readonly names: readonly string[];
  readonly follow: boolean;
  readonly tail?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
}

/**
 * Calls back for every line of the logs of what is named, each with whose it is, until all have ended or the signal. A task that had nothing to do
 * has no container and so no log; KLG-5xx when nothing that is named has one.
 */
export async function logs(
  request: LogRequest,
  line: (of: string, text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { engine, desired } = await running(request.folder);
  const all = desired.resources.flatMap((r) => (r.kind === 'workload' || r.kind === 'task' ? [r.id] : []));
  const { names: asked } = request;
  const belongs = (id: string, name: string) => id === name || id.startsWith(`${name}/`);
  for (const name of asked) {
    if (all.some((id) => belongs(id, name))) continue;
    throw new KollageError({
      code: 'KLG-105',
      message: `nothing that runs is named ${name}${suggestion(name, all)}`,
    });
  }
  const chosen = all.filter((id) => asked.length === 0 || asked.some((name) => belongs(id, name)));
  const query = {
    follow: request.follow,
    ...(request.tail === undefined ? {} : { tail: request.tail }),
    ...(request.since === undefined ? {} : { since: request.since }),
  };
  const { instances = [] } = await engine.observe(desired.deployment, desired);
  const names = (id: string) => {
    const found = instances.flatMap(({ workload, name }) =>
      workload === id && name !== undefined ? [name] : [],
    );
    return found.length > 0 ? found : [engine.instanceName(desired.deployment, id, 1)];
  };
  const lines = chosen.flatMap((id) => names(id).map((instance) => ({ id, instance })));
  const errors = await Promise.all(
    lines.map(async ({ id, instance }) => {
      try {
        for await (const text of engine.logs(desired.deployment, instance, query, signal)) line(id, text);
        return [];
      } catch (error) {
        if (error instanceof KollageError) return [error];
        throw error;
      }
    }),
  );
  const [first] = errors.flat();
  if (first && errors.every((some) => some.length > 0)) throw first;
}
