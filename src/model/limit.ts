/** Lets a number of jobs run at once; of those that wait, the one with the highest weight is next. */
export class Limit {
  readonly #free: { value: number };
  readonly #waiting: { weight: number; go: () => void }[] = [];

  constructor(places: number) {
    this.#free = { value: places };
  }

  /** Runs a job when there is a place; gives and throws what it does. */
  async run<T>(weight: number, job: () => Promise<T>): Promise<T> {
    if (this.#free.value > 0) this.#free.value -= 1;
    else await new Promise<void>((go) => this.#enter({ weight, go }));
    try {
      return await job();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.go();
      else this.#free.value += 1;
    }
  }

  #enter(entry: { weight: number; go: () => void }): void {
    const at = this.#waiting.findIndex((other) => other.weight < entry.weight);
    this.#waiting.splice(at === -1 ? this.#waiting.length : at, 0, entry);
  }
}
