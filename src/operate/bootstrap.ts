import type Docker from 'dockerode';
import { dockerAt } from '../docker/connect.ts';
import { KollageError } from '../model/error.ts';
import { addressOf, answers } from './bootstrap/answers.ts';
import { condition, ensure, lastLines } from './bootstrap/containers.ts';
import type { Host } from './bootstrap/hosts.ts';
import { type Cluster, type Kind, layout, type Part } from './bootstrap/layout.ts';
import { type RemoveRequest, removeCluster } from './bootstrap/remove.ts';

export type BootstrapEvent =
  | {
      readonly type: 'made';
      readonly host: string;
      readonly kind: Kind;
      readonly how: 'created' | 'replaced' | 'started' | 'unchanged';
    }
  | { readonly type: 'answers'; readonly host: string; readonly kind: Kind; readonly address: string }
  | { readonly type: 'log'; readonly host: string; readonly kind: Kind; readonly line: string }
  | { readonly type: 'removed'; readonly host: string; readonly what: string };

export interface BootstrapRequest extends Cluster {
  /** Milliseconds that each kind may take until it answers. */
  readonly patience: number;
  readonly signal: AbortSignal;
  readonly emit: (event: BootstrapEvent) => void;
}

/** Lines of its log that are shown of a part that does not answer. */
const shown = 15;

/**
 * Starts ZooKeeper, Mesos and Marathon as containers on hosts, each kind when what it needs answers. What is as it shall be is left alone, so that a second run with nothing to
 * do changes nothing; gives whether anything was changed. KLG-570 when a part does not answer in its time, its last lines told before; KLG-501, KLG-502, KLG-406 for what
 * Docker says, and KLG-506 for the signal: the next run goes on.
 */
export async function bootstrapMesos(request: BootstrapRequest): Promise<boolean> {
  const parts = layout(request);
  const dockers = dockersOf(request.hosts);
  let changed = false;
  for (const kinds of [['zookeeper'], ['master'], ['agent', 'marathon']]) {
    const round = parts.filter(({ kind }) => kinds.includes(kind));
    const made = await all(round, async (part) => {
      const how = await ensure(dockers.of(part.host), request.name, part);
      request.emit({ type: 'made', host: part.host.name, kind: part.kind, how });
      return how;
    });
    changed ||= made.some((how) => how !== 'unchanged');
    const masters = parts.filter(({ kind }) => kind === 'master');
    const end = performance.now() + request.patience;
    await all(round, async (part) => {
      const why = await answers(part, masters, end, request.signal);
      if (why !== null) throw await silent(dockers.of(part.host), part, why, request);
      request.emit({ type: 'answers', host: part.host.name, kind: part.kind, address: addressOf(part) });
    });
  }
  return changed;
}

/** Takes a cluster away; gives how many containers and volumes that were. See `removeCluster`. */
export function removeMesos(request: Omit<RemoveRequest, 'of'>): Promise<number> {
  return removeCluster({ ...request, of: dockersOf(request.hosts).of });
}

function dockersOf(hosts: readonly Host[]): { of(host: Host): Docker } {
  const dockers = new Map(hosts.map((host) => [host.name, dockerAt(host.docker)]));
  return { of: ({ name, docker }) => dockers.get(name) ?? dockerAt(docker) };
}

async function silent(
  docker: Docker,
  part: Part,
  why: string,
  { patience, emit }: BootstrapRequest,
): Promise<KollageError> {
  const { host, kind } = part;
  for (const line of await lastLines(docker, part.name, shown))
    emit({ type: 'log', host: host.name, kind, line });
  const state = await condition(docker, part.name);
  return new KollageError({
    code: 'KLG-570',
    message: `${kind} on ${host.name} did not answer in ${Math.round(patience / 1000)} s: ${why}${state === null ? '' : `; ${state}`}`,
  });
}

/** Does something with all of them at once, and waits for all. Throws what went wrong first, the rest beside it. */
async function all<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results = await Promise.allSettled(items.map(act));
  const failed = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  const [first, ...others] = failed;
  if (first === undefined) return results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (!(first instanceof KollageError)) throw first;
  const also = others.flatMap((one) => (one instanceof KollageError ? [one.finding] : []));
  throw new KollageError(first.finding, { also: [...first.also, ...also], cause: first });
}
