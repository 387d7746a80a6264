import { defaultGrace } from '../compile/ready.ts';
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

/** Seconds from the start of its process in which a workload must become healthy. */
export function graceOf(workload: Workload): number {
  return workload.health?.grace ?? defaultGrace(workload.ready);
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
    const { engine, desired, secret, patience, now = Date.now } = this.#access;
    const ready = (workload.ready ?? []).filter(({ login }) => login === null || secret !== null);
    for (const check of ready) {
      const why = await this.#platform.ask(check, engine.nodeName(node));
      if (why !== null) return why;
    }
    if (workload.health) {
      const inside = async (command: readonly string[]) =>
        (await captured((io) => engine.exec(desired.deployment, instance, command, io))).code;
      return probeOnce(workload.health.probe, inside, patience);
    }
    const isNew = ready.length === 0 && since !== null && now() - since < lasting;
    return isNew ? `its process began less than ${lasting / 1000} s ago` : null;
  }
}
