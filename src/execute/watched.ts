import type { InstanceEvent } from '../engines/engine.ts';

type Listener = (event: InstanceEvent) => void;

/** Hands an engine's events to those who wait for an instance. */
export class Watched {
  readonly #listeners = new Map<string, Set<Listener>>();
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;
  #failure: unknown;

  constructor(events: AsyncIterable<InstanceEvent>) {
    this.ended = this.#run(events);
  }

  /** Calls back for every event of an instance until the returned function is called. */
  on(instance: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(instance) ?? new Set();
    this.#listeners.set(instance, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Why the stream broke, when it did. */
  get failure(): unknown {
    return this.#failure;
  }

  async #run(events: AsyncIterable<InstanceEvent>): Promise<void> {
    try {
      for await (const event of events)
        for (const listener of this.#listeners.get(event.instance) ?? []) listener(event);
    } catch (error) {
      this.#failure = error;
    }
  }
}
