import type { EngineEvent } from './engine.ts';
import type { EventQueue } from './event-queue.ts';

/** Who watches which deployment: what an engine does itself is told to them beside what it hears. */
export class Queues {
  readonly #all = new Map<string, Set<EventQueue<EngineEvent>>>();

  /** Hands on what `watch` yields. It is told, by the function that it is given, which queue that comes from. */
  async *with(
    deployment: string,
    watch: (ready: (queue: EventQueue<EngineEvent>) => void) => AsyncIterable<EngineEvent>,
  ): AsyncIterable<EngineEvent> {
    const queues = this.#all.get(deployment) ?? new Set();
    this.#all.set(deployment, queues);
    let own: EventQueue<EngineEvent> | undefined;
    try {
      yield* watch((queue) => {
        own = queue;
        queues.add(queue);
      });
    } finally {
      if (own) queues.delete(own);
    }
  }

  tell(deployment: string, event: EngineEvent): void {
    for (const queue of this.#all.get(deployment) ?? []) queue.push(event);
  }
}
