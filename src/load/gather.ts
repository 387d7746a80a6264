import { type Finding, KollageError } from '../model/error.ts';

/** More than anyone reads at once. */
const maxErrors = 100;

/** Lets several files be checked before the first mistake stops the work, so that all can be mended at once. */
export class Gather {
  readonly #errors: Finding[] = [];

  /** Runs a step; a KollageError in it is kept, and undefined given. */
  try<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof KollageError)) throw error;
      this.#errors.push(error.finding, ...error.also);
      return undefined;
    }
  }

  add(findings: readonly Finding[]): void {
    this.#errors.push(...findings.filter((finding) => finding.severity === 'error'));
  }

  /** Throws one error with all that was kept; does nothing when all went well. */
  done(): void {
    const [first, ...also] = this.#errors.slice(0, maxErrors);
    if (first) throw new KollageError(first, { also });
  }
}
