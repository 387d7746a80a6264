import type { EngineEvent, InstanceEvent } from '../engines/engine.ts';

type Listener<E> = (event: E) => void;

/** Hands an engine's events to those who wait for an instance, or for all that happens to a workload. */
export class Watched {
  readonly #instances = new Map<string, Set<Listener<InstanceEvent>>>();
  readonly #workloads = new Map<string, Set<Listener<EngineEvent>>>();
  /** Resolves when the stream has ended. */
  readonly ended: Promise<void>;

  /** `broke` is called when the stream ends with an error: nothing more will be heard. */
  constructor(events: AsyncIterable<EngineEvent>, broke: (error: unknown) => void) {
    this.ended = this.#run(events).catch(broke);
  }

  /** Calls back for every event of an instance until the returned function is called. */
  on(instance: string, listener: Listener<InstanceEvent>): () => void {
    return added(this.#instances, instance, listener);
  }

  /** Calls back for every event of a workload that the engine takes as a whole, and of its instances, whatever those are called. */
  onWhole(workload: string, listener: Listener<EngineEvent>): () => void {
    return added(this.#workloads, workload, listener);
  }

  async #run(events: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of events) {
      if (event.type !== 'settled' && event.type !== 'trouble')
        for (const listener of this.#instances.get(event.instance) ?? []) listener(event);
      for (const listener of this.#workloads.get(event.of ?? '') ?? []) listener(event);
    }
  }
}

function added<E>(all: Map<string, Set<Listener<E>>>, name: string, listener: Listener<E>): () => void {
  const listeners = all.get(name) ?? new Set();
  all.set(name, listeners.add(listener));
  return () => listeners.delete(listener);
}
