import type { Engine, Whole, WholeInstance } from '../engines/engine.ts';
import { captured } from '../engines/io.ts';
import { KollageError } from '../model/error.ts';
import type { Desired, Workload } from '../model/resource.ts';
import { Platform } from './platform.ts';
import { connects, probeOnce } from './probe.ts';
import { Shared } from './shared.ts';

/** The instance that is asked. */
export interface Asked {
  /** Its name; that of its workload for all that an engine has placed of it. */
  readonly instance: string;
  readonly node: string;
  /** When its process began, in milliseconds since the epoch; null where that is not known, and long ago then. */
  readonly since: number | null;
}

export interface HealthAccess {
  readonly engine: Pick<Engine, 'nodeName' | 'instanceName' | 'exec' | 'hostPath' | 'whole'>;
  readonly desired: Desired;
  /** A secret's value; null where the secrets cannot be read: then what needs a login is not asked. */
  readonly secret: ((name: string) => string | undefined) | null;
  /** Milliseconds that one question may take. */
  readonly patience: number;
  /** Milliseconds that the platform's answers are good at least. */
  readonly rest?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Milliseconds that a process without any check must have lasted. Docker too takes a container for started well after this time, and
 * begins its pauses between restarts anew (docs.docker.com, "Start containers automatically").
 */
export const lasting = 10_000;

/** Seconds that the platform may take to say what it must: that begins with the start of others. */
const platformGrace = 300;
/** Seconds in which an instance must answer where its health says nothing of it. */
const ownGrace = 60;

/** Seconds from the start of its process in which an instance must answer, and in which all must be well. */
export function graceOf(workload: Workload): { readonly own: number; readonly platform: number } {
  const own = workload.health?.grace ?? ownGrace;
  return { own, platform: workload.ready.length > 0 ? Math.max(own, platformGrace) : own };
}

/**
 * Asks whether the instances of a deployment answer as they should: the platform itself first (`ready`), which costs one request for all who
 * wait for it, then each instance (`health`), for which a program may have to be run in its container. One of these serves a whole run.
 */
export class Health {
  readonly #access: HealthAccess;
  readonly #platform: Platform;
  /** What an engine says of what it placed: of one workload, or of all. */
  readonly #placed: Shared<ReturnType<typeof placedBy>>;

  constructor(access: HealthAccess) {
    this.#access = access;
    const { desired, secret, patience, rest, now } = access;
    this.#placed = new Shared(now ?? Date.now);
    this.#platform = new Platform({
      // A revision of Kollage 0.1 may have been kept without.
      logins: desired.logins ?? [],
      secret: secret ?? (() => undefined),
      patience,
      ...(access.engine.whole && { request: access.engine.whole.request }),
      ...(rest !== undefined && { rest }),
      ...(now && { now }),
    });
  }

  /** Asks one instance once; gives null when it is healthy, else why not. */
  async ask(workload: Workload, { instance, node, since }: Asked): Promise<string | null> {
    const { engine, now = Date.now } = this.#access;
    if (engine.whole) return this.#askPlaced(engine.whole, workload, instance, since);
    const why = await this.#askPlatform(workload, node, since);
    if (why !== null) return why;
    if (workload.health || this.#checks(workload).length > 0 || since === null || now() - since >= lasting)
      return this.probe(workload, instance);
    return `its process began less than ${lasting / 1000} s ago`;
  }

  #checks({ ready = [] }: Workload) {
    return ready.filter(({ login }) => login === null || this.#access.secret !== null);
  }

  async #askPlatform(workload: Workload, node: string, since: number | null): Promise<string | null> {
    for (const check of this.#checks(workload)) {
      const of = { node: this.#access.engine.nodeName(node), since };
      const why = await this.#platform.ask(check, of);
      if (why !== null) return why;
    }
    return null;
  }

  /** The engine makes the health checks itself, and knows on which nodes instances are: where nodes have no names in kollage.yaml, nobody else does. */
  async #askPlaced(
    whole: Whole,
    workload: Workload,
    instance: string,
    since: number | null,
  ): Promise<string | null> {
    const { engine, desired } = this.#access;
    const { deployment } = desired;
    const isAll = instance === engine.instanceName(deployment, workload.id, 1);
    // Who looks at all there is asks once for all of it.
    const of = isAll ? workload.id : null;
    const placed = await this.#placed
      .get(of ?? '', async () => placedBy(await whole.instances(deployment, of)))
      .catch((error: unknown) => unreachable(error));
    if (typeof placed === 'string') return placed;
    const own = placed.get(isAll ? workload.id : instance) ?? [];
    const staying = own.filter(({ going }) => !going);
    const asked = staying.length > 0 ? staying : own;
    const why = asked.find((one) => one.why !== null)?.why;
    if (why) return why;
    for (const { node } of asked) {
      const said = await this.#askPlatform(workload, node ?? '', since);
      if (said !== null) return said;
    }
    return asked.length > 0 ? null : `there is nothing of ${instance}`;
  }

  /** Asks the instance alone; gives null when it answers as it should or can be asked nothing, else why not. */
  async probe(workload: Workload, instance: string): Promise<string | null> {
    const { engine, desired, patience } = this.#access;
    if (!workload.health) return null;
    const { probe } = workload.health;
    const path = probe.type === 'socket' ? (engine.hostPath?.(workload, probe.path) ?? null) : null;
    // A command in a container costs a tenth of a second of processor, and a connection to a socket nothing.
    if (path !== null) return connects(path, patience);
    const inside = async (command: readonly string[]) =>
      (await captured((io) => engine.exec(desired.deployment, instance, command, io))).code;
    return probeOnce(probe, inside, patience);
  }
}

/** Instances by their own names, and by the ids of their workloads, which have a slash. */
function placedBy(instances: readonly WholeInstance[]): ReadonlyMap<string, readonly WholeInstance[]> {
  return new Map([
    ...Map.groupBy(instances, ({ workload }) => workload),
    ...Map.groupBy(instances, ({ name }) => name),
  ]);
}

/** An engine that does not answer now may do so the next time that it is asked; what else it says is thrown. */
function unreachable(error: unknown): string {
  if (error instanceof KollageError && error.code === 'KLG-501') return error.message;
  throw error;
}
