import { isProof, type Need, type Probe, type Task, type Workload } from '../model/resource.ts';

/** Where things lie inside a container. */
export const inside = {
  start: '/kollage/start',
  spec: '/kollage/spec',
  store: '/kollage/store',
  config: '/var/lib/kolla/config_files',
} as const;

/** How the start program is called: Python alone, without site packages, so that it starts in milliseconds. */
export const startCommand: readonly string[] = ['python3', '-I', '-S', `${inside.start}/start`];

/** Its exit code when what it needs was not there in time. Nothing of the process itself has begun then. */
export const needsNotMet = 75;

export interface SpecFor {
  readonly process: Workload | Task;
  readonly instance: string;
  readonly node: string;
  /** Fingerprints of the tasks that are needed. */
  readonly tasks: ReadonlyMap<string, string>;
  readonly store: Readonly<Record<string, unknown>>;
  /** Seconds that all needs together may take. */
  readonly timeout: number;
  /** Folders whose node-only tokens the start program fills. */
  readonly fill: readonly { readonly source: string; readonly target: string }[];
}

/** The start program's spec (images/start/README.md) of one instance. It holds no secret. */
export function startSpec({ process, instance, node, tasks, store, timeout, fill }: SpecFor): object {
  return {
    id: process.id,
    instance,
    node,
    exec: command(process),
    needs: process.needs.map((need) => specNeed(need, tasks)),
    fill,
    store,
    timeoutSeconds: timeout,
    // A proof is no task to the start program: it is run as often as it is asked for, and leaves no record.
    task:
      process.kind === 'task' && !isProof(process)
        ? { fingerprint: process.fingerprint, outputs: process.outputs }
        : null,
  };
}

/** What the start program becomes: Kolla's own way to start, or a plain command. */
export function command({ start, command }: Pick<Workload | Task, 'start' | 'command'>): readonly string[] {
  return start === 'kolla' ? ['dumb-init', '--single-child', '--', 'kolla_start'] : command;
}

/** A need as the start program reads it; `tasks` are the fingerprints of those that are needed. */
export function specNeed(need: Need, tasks: ReadonlyMap<string, string>): object {
  switch (need.kind) {
    case 'task':
      return { ...need, fingerprint: tasks.get(need.task) ?? 'none' };
    case 'output':
      return need;
    case 'endpoint':
      return { kind: 'endpoint', name: need.endpoint, probe: specProbe(need.probe) };
    case 'component':
      return { kind: 'endpoint', name: need.component, probe: specProbe(need.probe) };
  }
}

function specProbe(probe: Probe): object {
  return probe.type === 'http' && probe.body === null ? { ...probe, body: undefined } : probe;
}
