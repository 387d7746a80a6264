import { defineConfig } from 'vitest/config';

/**
 * `unit` needs nothing but Node; `kubernetes` makes clusters of its own, where `tools/cluster check` says that it can; `zookeeper` starts real servers
 * from Debian's packages, with Java; `real` needs a Docker daemon, and images that `kollage images build` makes. `cloud`, `upgrade` and `takeback` bring up
 * a whole all-in-one beside, and take its ports. The last two take long and are not part of `npm test`, nor is `clusters`: the whole all-in-one and
 * three databases and brokers, on Kubernetes.
 */
const onClusters = 'test/engines/{kubernetes*,kubernetes/*}.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'tools/**/*.test.ts',
            'test/{arbitrary,catalog,cli,dcos,fuzz,marathon,mesos}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'cloud',
          include: ['test/cloud/cloud.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'clusters',
          include: ['test/cloud/kubernetes.test.ts', 'test/kubernetes/ha.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'upgrade',
          include: ['test/upgrade/**/*.test.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'takeback',
          include: ['test/takeback/**/*.test.ts'],
          testTimeout: 1_200_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'kubernetes',
          include: ['test/{cluster,kubernetes}/**/*.test.ts', onClusters],
          exclude: ['test/kubernetes/ha.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          // Each has a cluster of its own.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'zookeeper',
          include: ['test/zookeeper/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 600_000,
          // Each has servers of its own.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/{engines,images}/**/*.test.ts'],
          exclude: [onClusters],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          // They share one daemon and its ports.
          fileParallelism: false,
        },
      },
    ],
    benchmark: { include: ['bench/**/*.bench.ts'] },
  },
});
