import type { InstanceEvent } from '../engines/engine.ts';

type Listener = (event: InstanceEvent) => void;

/** Hands an engine's events to those who wait for an instance. */
export class Watched {
  readonly #listeners = new Map<string, Set<Listener>>();
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;

  /** `broke` is called when the stream ends with an error: nothing more will be heard. */
  constructor(events: AsyncIterable<InstanceEvent>, broke: (error: unknown) => void) {
    this.ended = this.#run(events).catch(broke);
  }

  /** Calls back for every event of an instance until the returned function is called. */
  on(instance: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(instance) ?? new Set();
    this.#listeners.set(instance, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  async #run(events: AsyncIterable<InstanceEvent>): Promise<void> {
    for await (const event of events)
      for (const listener of this.#listeners.get(event.instance) ?? []) listener(event);
  }
}
