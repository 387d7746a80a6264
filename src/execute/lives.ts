/** The instances that a run looks after, from when it starts them until it ends or takes them away itself. */
export class Lives {
  readonly #rests = new Map<string, () => void>();
  readonly #ailing = new Set<Promise<void>>();
  readonly #broken = Promise.withResolvers<never>();

  constructor() {
    // Nobody may be waiting when the run ends otherwise.
    this.#broken.promise.catch(() => undefined);
  }

  /** `rest` is called when the run takes the instance away, or starts another one in its place. */
  enter(instance: string, rest: () => void): void {
    this.rest(instance);
    this.#rests.set(instance, rest);
  }

  /** To be called before the run takes an instance away: that is no death. */
  rest(instance: string): void {
    this.#rests.get(instance)?.();
    this.#rests.delete(instance);
  }

  /** One that was well is not any more; `well` resolves when it is again. */
  ails(well: Promise<void>): void {
    this.#ailing.add(well);
    well.then(() => this.#ailing.delete(well), this.#broken.reject);
  }

  /** Waits until others have ended, well or not, and all that were well are so. Throws at once when one cannot be. */
  async wellAfter(others: readonly Promise<unknown>[]): Promise<void> {
    await Promise.race([Promise.allSettled(others), this.#broken.promise]);
    while (this.#ailing.size > 0) await Promise.race([Promise.all(this.#ailing), this.#broken.promise]);
  }
}
