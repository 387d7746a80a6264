/** Milliseconds that an answer is as good as a new one, at least and at most, and how many times as long as it took. */
const usual = { least: 400, most: 2000, times: 4 };

/**
 * Answers that are shared: who asks for the same thing while it is being asked, or a while after, gets the same answer. The while grows with
 * the time that the answer took, so that a server under load spends at most a fifth of its time on being asked.
 */
export class Shared<T> {
  readonly #now: () => number;
  readonly #answers = new Map<string, { readonly answer: Promise<T>; until: number }>();

  readonly #least: number;

  /** `now` gives milliseconds. `least`: so many milliseconds an answer is good, however soon it came. */
  constructor(now: () => number, least = usual.least) {
    this.#now = now;
    this.#least = least;
  }

  /** The answer to `key`; `ask` makes it where none is good any more. */
  get(key: string, ask: () => Promise<T>): Promise<T> {
    const there = this.#answers.get(key);
    if (there && this.#now() < there.until) return there.answer;
    const began = this.#now();
    const shared = { answer: ask(), until: Number.POSITIVE_INFINITY };
    const done = () => {
      const took = this.#now() - began;
      shared.until = this.#now() + Math.max(this.#least, Math.min(usual.most, usual.times * took));
    };
    shared.answer.then(done, done);
    this.#answers.set(key, shared);
    return shared.answer;
  }
}
