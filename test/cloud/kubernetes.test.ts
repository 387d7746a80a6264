import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureSecrets } from '../../src/operate/secrets.ts';
import { startCluster, type TestCluster } from '../cluster/cluster.ts';
import { whyNot } from '../cluster/programs.ts';
import { hostState } from '../engines/host-state.ts';
import { Running } from '../engines/running.ts';
import { folderOf } from '../engines/written.ts';
import { Cloud, settle } from '../upgrade/cloud.ts';
import { inCluster } from '../upgrade/in-cluster.ts';

/*
 * The whole all-in-one of the catalog on three nodes of a cluster: the controllers' part anywhere, virtual machines and networks where nodes have these
 * roles. It takes no ports of this host, and nothing of it may be seen there.
 */

const reason = whyNot();
const { root, write } = folderOf();
const folder = join(root, 'deployment');
const name = 'kollage-compute';
let cluster: TestCluster;
let running: Running;

/** `more`: the roles of node3 beside the controller's. */
function configure(more = ''): void {
  write(
    'deployment/kollage.yaml',
    `name: ${name}
engine: { type: kubernetes, address: ${cluster.kubeconfig}, storage: { class: shared, shared: shared } }
nodes:
  node1: { roles: [controller] }
  node2: { roles: [controller, network, compute] }
  node3: { roles: [controller${more}] }
`,
  );
}

/** Where each pod of a workload is, by its name. */
async function pods(): Promise<Map<string, { readonly workload: string; readonly node: string }>> {
  const where = { kind: 'Pod', namespace: name } as const;
  const { items } = await cluster.client.list(where, { labels: 'kollage.dev/workload' });
  return new Map(
    items.map(({ metadata, spec }) => {
      const { nodeName: node = '' } = spec as { nodeName?: string };
      return [metadata.name, { workload: metadata.labels?.['kollage.dev/workload'] ?? '', node }];
    }),
  );
}

/** What a node has beside pods, that would outlive them: guests, networks' namespaces, switches. */
function left(node: string): string[] {
  const there = cluster.nodes.find((one) => one.name === node);
  const look = 'pgrep -x "qemu.*" || true; ls /run/netns 2>&- || true; ip -brief link | cut -d " " -f 1';
  return (there?.run(look) ?? '').split('\n').filter((line) => /^(\d|q|br-|ovs|tap)/.test(line));
}

/** The hardware addresses of what a program that lists interfaces says. */
function addresses(links: string): string[] {
  return [...links.matchAll(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g)].map(([address]) => address);
}

describe.skipIf(reason !== null)(
  `The whole OpenStack on Kubernetes${reason === null ? '' : `: ${reason}`}`,
  () => {
    beforeAll(async () => {
      cluster = await startCluster({ nodes: 3, images: ['kollage/*:2025.1'] });
      mkdirSync(folder, { recursive: true });
      configure();
      await ensureSecrets(folder);
      running = new Running(folder);
    });

    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
    });

    test('comes up, each part where its role is', async () => {
      expect((await running.up()).number).toBe(1);
      expect(await running.ailing()).toEqual([]);
      const placed = [...(await pods()).values()];
      const of = (workload: string) => placed.filter((one) => one.workload === workload);
      for (const each of ['nova-compute', 'nova-libvirt', 'neutron-l3-agent', 'openvswitch-vswitchd'])
        expect(of(each), each).toEqual([{ workload: each, node: 'node2' }]);
      expect(placed.length).toBe(24);
    });

    test('does what its users want of it: a server runs, is reached and knows who it is', async () => {
      const steps = await running.verify();
      const said = (words: string) =>
        expect(
          steps.filter((step) => step.startsWith(words)),
          words,
        ).toHaveLength(1);
      said('server ACTIVE');
      said('it booted: Linux');
      said('it has its address, its metadata, the way through the router and its user data');
      said('a stack made');
      said('logged in: the page shows the user');
    });

    test('a node more for virtual machines gets what belongs there, with its own address and name; nothing else moves', async () => {
      const old = await pods();
      configure(', compute');
      await running.up();
      // Nova and Neutron call the new one up by the time that this is done.
      expect(await running.ailing()).toEqual([]);
      const now = await pods();
      for (const pod of old.keys()) expect([...now.keys()]).toContain(pod);
      const added = [...now].filter(([pod]) => !old.has(pod));
      expect(added.map(([, { workload, node }]) => `${workload} ${node}`).sort()).toEqual([
        'neutron-openvswitch-agent node3',
        'nova-compute node3',
        'nova-libvirt node3',
        'openvswitch-db-server node3',
        'openvswitch-vswitchd node3',
      ]);
      const cloud = new Cloud(folder, undefined, inCluster(cluster, name));
      await cloud.login();
      const path = '/v2.0/agents?binary=neutron-openvswitch-agent';
      const { agents } = (await cloud.ask('neutron', 'GET', path)) as {
        agents: { host: string; configurations: { tunneling_ip: string } }[];
      };
      const known = agents.map(({ host, configurations: { tunneling_ip: address } }) => `${host} ${address}`);
      const real = cluster.nodes.slice(1).map(({ name, address }) => `${name} ${address}`);
      expect(known.sort()).toEqual(real.sort());
    });

    test('is taken away whole, guests and networks too, from every node; of all this the host has seen nothing', async () => {
      const cloud = new Cloud(folder, undefined, inCluster(cluster, name));
      await cloud.login();
      await settle(cloud);
      const both = () => ['node2', 'node3'].flatMap(left);
      expect(both()).toEqual(expect.arrayContaining(['br-int', expect.stringMatching(/^\d+$/)]));
      // Switches and taps are the nodes' own.
      const list = 'ip -brief link show up; ip -brief link show type tun';
      const here = new Set(addresses(execFileSync('sh', ['-c', list], { encoding: 'utf8' })));
      const there = cluster.nodes.flatMap((node) => addresses(node.run(list)));
      expect(there.length).toBeGreaterThan(10);
      expect(there.filter((address) => here.has(address) && address !== '00:00:00:00:00:00')).toEqual([]);
      // Names that nothing else has: of ports and of networks.
      const own = both().filter((one) => /^(q|tap)/.test(one));
      expect(own.length).toBeGreaterThan(1);
      await running.destroy();
      expect(both()).toEqual([]);
      await cluster[Symbol.asyncDispose]();
      const { namespaces = [], interfaces = [], mounts = [], containers, volumes } = hostState(name);
      const seen = [...namespaces, ...interfaces, ...mounts].join('\n');
      expect(own.filter((one) => seen.includes(one))).toEqual([]);
      expect([containers, volumes]).toEqual([[], []]);
    });
  },
);
