import { expect, vi } from 'vitest';
import { KollageError } from '../../src/model/error.ts';
import type { KollageEvent } from '../../src/model/event.ts';
import { destroy } from '../../src/operate/destroy.ts';
import { looking, type Status, type WorkloadStatus } from '../../src/operate/status.ts';
import { type UpRequest, up } from '../../src/operate/up.ts';
import { verify } from '../../src/operate/verify.ts';

export interface Run {
  readonly number: number | null;
  readonly events: readonly KollageEvent[];
}

/** A deployment folder that tests bring up, look at and take away. */
export class Running {
  readonly #folder: string;
  readonly #look: () => Promise<Status>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#look = looking(folder);
  }

  /** Brings it up; `hear` is called with each event, as it comes. */
  async up(
    hear: (event: KollageEvent) => void = () => undefined,
    signal = new AbortController().signal,
    more: Pick<UpRequest, 'takeOver'> = {},
  ): Promise<Run> {
    const events: KollageEvent[] = [];
    const emit = (event: KollageEvent) => {
      events.push(event);
      hear(event);
    };
    const number = await up({ folder: this.#folder, emit, planned: () => undefined, signal, ...more });
    return { number, events };
  }

  /** Tries to bring it up; gives the error with which that ends, null when it does not. */
  async tryUp(hear?: (event: KollageEvent) => void, signal?: AbortSignal): Promise<KollageError | null> {
    try {
      await this.up(hear, signal);
      return null;
    } catch (error) {
      if (error instanceof KollageError) return error;
      throw error;
    }
  }

  /** The error with which bringing it up must end. */
  async failsUp(hear?: (event: KollageEvent) => void, signal?: AbortSignal): Promise<KollageError> {
    const error = await this.tryUp(hear, signal);
    if (error === null) throw new Error('it came up');
    return error;
  }

  /** Proves by use that it does what it shall; gives the steps that were told. */
  async verify(): Promise<string[]> {
    const steps: string[] = [];
    await verify({
      folder: this.#folder,
      names: [],
      planned: () => undefined,
      emit: (event) => event.type === 'step' && steps.push(event.text),
      file: () => undefined,
      signal: new AbortController().signal,
    });
    return steps;
  }

  /** The workloads that are not healthy, and why. */
  async ailing(): Promise<Pick<WorkloadStatus, 'workload' | 'state' | 'why'>[]> {
    const { workloads } = await this.#look();
    return workloads.flatMap(({ workload, state, why }) =>
      state === 'healthy' ? [] : [{ workload, state, why }],
    );
  }

  /** Waits for what comes back by itself, each container at its own time. */
  async becomesHealthy(): Promise<void> {
    await vi.waitFor(async () => expect(await this.ailing()).toEqual([]), {
      timeout: 300_000,
      interval: 250,
    });
  }

  async destroy(): Promise<void> {
    await destroy(this.#folder, { data: false });
  }
}
