import { whyNot } from '../../cluster/programs.ts';
import { describeWithCluster } from '../../cluster/testing.ts';
import { haveImages } from '../../support/images.ts';
import { upgrades } from '../upgrades.ts';

if (whyNot() === null) await haveImages('zed', 'memcached');
describeWithCluster(
  'upgrades on Kubernetes',
  { nodes: 1, images: ['kollage/memcached:zed', 'kollage/memcached:2025.1'] },
  (cluster) =>
    upgrades(
      'kollage-test-upgrade',
      () => `engine: { type: kubernetes, address: ${cluster().kubeconfig} }\n`,
    ),
);
