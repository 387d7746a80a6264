import type { Engine } from '../engines/engine.ts';
import type { Workload } from '../model/resource.ts';
import { probeOnce } from './probe.ts';

/** Asks whether the instances of a deployment answer as they should. */
export class Health {
  readonly #engine: Engine;
  readonly #deployment: string;
  /** Milliseconds that one question may take. */
  readonly #patience: number;

  constructor(engine: Engine, deployment: string, patience: number) {
    this.#engine = engine;
    this.#deployment = deployment;
    this.#patience = patience;
  }

  /** Asks one instance once; gives null when it is healthy, else why not. */
  async ask(workload: Workload, instance: string): Promise<string | null> {
    if (!workload.health) return null;
    const inside = async (command: readonly string[]) =>
      (await this.#engine.exec(this.#deployment, instance, command)).code;
    return probeOnce(workload.health.probe, inside, this.#patience);
  }
}
