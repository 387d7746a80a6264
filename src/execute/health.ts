import type { Engine } from '../engines/engine.ts';
import { captured } from '../engines/io.ts';
import type { Desired, Workload } from '../model/resource.ts';
import { Platform } from './platform.ts';
import { probeOnce } from './probe.ts';

/** The instance that is asked. */
export interface Asked {
  readonly instance: string;
  readonly node: string;
  /** When its process began, in milliseconds since the epoch; null where that is not known, and long ago then. */
  readonly since: number | null;
}

export interface HealthAccess {
  readonly engine: Pick<Engine, 'nodeName' | 'exec'>;
  readonly desired: Desired;
  /** A secret's value; null where the secrets cannot be read: then what needs a login is not asked. */
  readonly secret: ((name: string) => string | undefined) | null;
  /** Milliseconds that one question may take. */
  readonly patience: number;
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

  constructor(access: HealthAccess) {
    this.#access = access;
    const { desired, secret, patience, now } = access;
    this.#platform = new Platform({
      // A revision of Kollage 0.1 may have been kept without.
      logins: desired.logins ?? [],
      secret: secret ?? (() => undefined),
      patience,
      ...(now && { now }),
    });
  }

  /** Asks one instance once; gives null when it is healthy, else why not. */
  async ask(workload: Workload, { instance, node, since }: Asked): Promise<string | null> {
    const { engine, secret, now = Date.now } = this.#access;
    const ready = (workload.ready ?? []).filter(({ login }) => login === null || secret !== null);
    for (const check of ready) {
      const why = await this.#platform.ask(check, engine.nodeName(node));
      if (why !== null) return why;
    }
    if (workload.health || ready.length > 0 || since === null || now() - since >= lasting)
      return this.probe(workload, instance);
    return `its process began less than ${lasting / 1000} s ago`;
  }

  /** Asks the instance alone; gives null when it answers as it should or can be asked nothing, else why not. */
  async probe(workload: Workload, instance: string): Promise<string | null> {
    const { engine, desired, patience } = this.#access;
    if (!workload.health) return null;
    const inside = async (command: readonly string[]) =>
      (await captured((io) => engine.exec(desired.deployment, instance, command, io))).code;
    return probeOnce(workload.health.probe, inside, patience);
  }
}
