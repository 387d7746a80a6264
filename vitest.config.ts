import { defineConfig } from 'vitest/config';

/**
 * `unit` needs nothing but Node; `real` needs a Docker daemon, and images that `kollage images build` makes. `cloud` and
 * `upgrade` bring up a whole all-in-one beside, and take its ports; `upgrade`, with several in turn, is not part of `npm test`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'tools/**/*.test.ts',
            'test/{arbitrary,catalog,cli,fuzz}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'cloud',
          include: ['test/cloud/**/*.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
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
          name: 'real',
          include: ['test/{engines,images}/**/*.test.ts'],
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
