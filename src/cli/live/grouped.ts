/**
 * Lines that come from several sources at once, for one after the other: `add` keeps, `flush` gives each source's lines together, in the
 * order in which they came, sources by name.
 */
export class Grouped {
  readonly #lines = new Map<string, string[]>();

  readonly add = (of: string, text: string): void => {
    const lines = this.#lines.get(of);
    if (lines) lines.push(text);
    else this.#lines.set(of, [text]);
  };

  flush(line: (of: string, text: string) => void): void {
    for (const of of [...this.#lines.keys()].sort())
      for (const text of this.#lines.get(of) ?? []) line(of, text);
    this.#lines.clear();
  }
}
