import { beforeAll, describe, type SuiteFactory } from 'vitest';
import { type ClusterOptions, startCluster, type TestCluster } from './cluster.ts';
import { whyNot } from './programs.ts';

/**
 * Tests that share a cluster, which goes away with them; where none can be had they are skipped, with the reason in their name. `cluster` gives it
 * inside of tests and hooks.
 */
export function describeWithCluster(
  name: string,
  options: ClusterOptions,
  tests: (cluster: () => TestCluster) => void,
): void {
  const reason = whyNot();
  const suite: SuiteFactory = () => {
    let cluster: TestCluster | undefined;
    beforeAll(async () => {
      cluster = await startCluster(options);
      return async () => cluster?.[Symbol.asyncDispose]();
    });
    tests(() => {
      if (!cluster) throw new Error('the cluster is not there yet');
      return cluster;
    });
  };
  if (reason === null) describe(name, suite);
  else describe.skip(`${name} (SKIPPED: ${reason})`, suite);
}
