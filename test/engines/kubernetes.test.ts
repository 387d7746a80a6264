import { afterAll, test } from 'vitest';
import { startCluster } from '../cluster/cluster.ts';
import { whyNot } from '../cluster/programs.ts';
import { clusterWorld, image } from './cluster-world.ts';
import { conformance } from './conformance/conformance.ts';

/* What every engine must do, on a real cluster of one node. */

const reason = whyNot();

if (reason === null) {
  const cluster = await startCluster({ nodes: 1, images: [image] });
  afterAll(() => cluster[Symbol.asyncDispose]());
  conformance(clusterWorld(cluster), 'kollage-conform', 21450);
} else test.skip(`Kubernetes: ${reason}`, () => undefined);
