import { beforeAll, describe, type SuiteFactory } from 'vitest';
import { type Ensemble, startEnsemble, whyNot } from './ensemble.ts';

/** Tests that share a real ensemble of so many servers; where none can be had they are skipped, with the reason in their name. */
export function describeWithZooKeeper(
  name: string,
  size: number,
  tests: (ensemble: () => Ensemble) => void,
): void {
  const reason = whyNot();
  const suite: SuiteFactory = () => {
    let ensemble: Ensemble | undefined;
    beforeAll(async () => {
      ensemble = await startEnsemble(size);
      return async () => ensemble?.[Symbol.asyncDispose]();
    });
    tests(() => {
      if (!ensemble) throw new Error('the ensemble is not there yet');
      return ensemble;
    });
  };
  if (reason === null) describe(name, suite);
  else describe.skip(`${name} (SKIPPED: ${reason})`, suite);
}
