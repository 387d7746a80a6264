import { afterAll, test } from 'vitest';
import { startMesos } from '../mesos/cluster.ts';
import { startEnsemble, whyNot } from '../zookeeper/ensemble.ts';
import { conformance } from './conformance/conformance.ts';
import { marathonWorld } from './marathon-world.ts';

/* What every engine must do, on Marathon's stand-in with one agent, and a real ZooKeeper. */

const reason = whyNot();

if (reason === null) {
  const mesos = await startMesos({ agents: [{ hostname: 'agent-1' }] });
  const zookeeper = await startEnsemble(1, mesos.gateway);
  afterAll(async () => {
    await zookeeper[Symbol.asyncDispose]();
    await mesos[Symbol.asyncDispose]();
  });
  const servers = zookeeper.servers.map(({ host, port }) => `${host}:${port}`).join();
  conformance(marathonWorld(mesos, servers), 'kollage-conform', 21_480);
} else test.skip(`Marathon: ${reason}`, () => undefined);
