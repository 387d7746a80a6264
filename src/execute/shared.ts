/**
 * Answers that are shared: who asks for the same thing while it is being asked, or within `fresh` milliseconds of when that began, gets the
 * same answer.
 */
export class Shared<T> {
  readonly #fresh: number;
  readonly #now: () => number;
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<T> }>();
  readonly #open = new Set<Promise<T>>();

  constructor(fresh: number, now: () => number = Date.now) {
    this.#fresh = fresh;
    this.#now = now;
  }

  /** The answer to `key`; `ask` makes it where none is fresh. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const there = this.#answers.get(key);
    if (there && (this.#open.has(there.answer) || this.#now() - there.at < this.#fresh)) return there.answer;
    const answer = ask();
    this.#open.add(answer);
    const done = () => this.#open.delete(answer);
    answer.then(done, done);
    this.#answers.set(key, { at: this.#now(), answer });
    return answer;
  }
}
