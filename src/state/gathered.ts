/** What is gathered is written together once in so many milliseconds: there is much of it, and each write goes to all servers. */
const turn = 1000;

/** What belongs to revisions, and is written soon. That it cannot be holds up nothing. */
export class Gathered<T> {
  readonly #write: (revision: number, some: readonly T[]) => Promise<void>;
  readonly #waiting: { readonly revision: number; readonly one: T }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (revision: number, some: readonly T[]) => Promise<void>) {
    this.#write = write;
  }

  add(revision: number, one: T): void {
    this.#waiting.push({ revision, one });
    this.#timer ??= setTimeout(() => void this.flush(), turn);
  }

  /** Resolves when all that waited is written, or cannot be. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [revision, some] of Map.groupBy(this.#waiting.splice(0), ({ revision }) => revision)) {
      try {
        await this.#write(
          revision,
          some.map(({ one }) => one),
        );
      } catch {
        // That nobody can be reached is told by what must be durable.
      }
    }
  }
}
