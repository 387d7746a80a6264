import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { nodesOfDeployment } from '../../src/operate/nodes.ts';
import { looking } from '../../src/operate/status.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { describeWithCluster } from '../cluster/testing.ts';
import { Running } from '../engines/running.ts';
import { makeFarm } from './farm.ts';

/* What it costs an API server to be worked with, by what it has written down itself: nothing may grow with the number of nodes that need not. */

const few = 5;
const many = 50;

describeWithCluster('a cluster of many nodes', { nodes: 0, simulated: many + 1 }, (cluster) => {
  let operator = '';

  /** What the operator asks while something is done, sorted, without what it is called. */
  async function asked(act: () => Promise<unknown>): Promise<string[]> {
    const before = cluster().requests().length;
    await act();
    return cluster()
      .requests()
      .slice(before)
      .map(({ what }) => what)
      .sort();
  }

  /** Brings a farm up, and changes one line of its agents; what is asked meanwhile. */
  async function life(name: string, nodes: number) {
    operator ||= cluster().operator();
    const farm = makeFarm(name, operator, nodes);
    const running = new Running(farm.folder);
    const up = await asked(() => running.up());
    const pods = await podsOf(cluster(), name);
    farm.configure(2);
    const change = await asked(() => running.up());
    const kept = (await podsOf(cluster(), name)).filter((uid) => pods.includes(uid));
    return { farm, running, up, change, pods: pods.length, kept: kept.length };
  }

  test('an up asks as often for fifty nodes as for five, but for giving each its label; a change touches only what it must', async () => {
    const [small, large] = [await life('small', few), await life('large', many)];
    expect(large.pods).toBe(2 * many + 1);
    // The pods of the switch and of the API are those that were there.
    expect(large.kept).toBe(many + 1);
    const labels = (all: readonly string[]) => all.filter((what) => what === 'patch nodes').length;
    const unlabelled = (all: readonly string[]) => all.length - labels(all);
    expect([labels(small.up), labels(large.up)]).toEqual([few + 1, many + 1]);
    expect(labels(large.change)).toBe(0);
    // Watches and retries differ by chance, and by far less than by a request for each node.
    expect(unlabelled(large.up) - unlabelled(small.up)).toBeLessThan(15);
    expect(large.change.length - small.change.length).toBeLessThan(15);
    const less = await asked(() => small.running.destroy());

    const look = looking(large.farm.folder);
    const first = await asked(look);
    expect(first.length).toBeLessThan(40);
    const began = Date.now();
    const idle = await asked(async () => {
      for (let turn = 0; turn < 10; turn++) {
        const { workloads } = await look();
        expect(workloads.filter(({ state }) => state === 'healthy')).toHaveLength(2 * many + 1);
        await pause(300);
      }
    });
    // Ten looks: fewer requests than one a second.
    expect(idle.length, idle.join('\n')).toBeLessThan((Date.now() - began) / 1000);

    const listed = await asked(async () => {
      const { nodes } = await nodesOfDeployment(large.farm.folder);
      const agents = nodes.filter(({ runs }) => runs.some(({ workload }) => workload === 'farm/agent'));
      expect(agents.map(({ roles }) => roles.join())).toEqual(Array.from({ length: many }, () => 'compute'));
    });
    expect(listed.length).toBeLessThan(12);

    // What is looked at lives: a pod that goes is seen without asking.
    const [victim = ''] = await namesOf(cluster(), 'large', 'farm-agent');
    await cluster().client.remove({ kind: 'Pod', namespace: 'large', name: victim });
    await expect
      .poll(async () => (await look()).workloads.some(({ instance }) => instance === victim), {
        timeout: 20_000,
      })
      .toBe(false);
    const more = await asked(() => large.running.destroy());
    expect(unlabelled(more) - unlabelled(less)).toBeLessThan(15);
  });
});

async function podsOf({ client }: TestCluster, namespace: string): Promise<string[]> {
  const { items } = await client.list({ kind: 'Pod', namespace }, { labels: 'kollage.dev/workload' });
  return items.map(({ metadata: { uid = '' } }) => uid);
}

async function namesOf({ client }: TestCluster, namespace: string, workload: string): Promise<string[]> {
  const { items } = await client.list(
    { kind: 'Pod', namespace },
    { labels: `kollage.dev/workload=${workload}` },
  );
  return items.map(({ metadata }) => metadata.name);
}
