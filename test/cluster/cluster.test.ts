import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Kind } from '../../src/kubernetes/kinds.ts';
import type { ApiObject } from '../../src/kubernetes/object.ts';
import { follow } from '../../src/kubernetes/watch.ts';
import { startCluster, type TestCluster } from './cluster.ts';
import { commandOf } from './fabric.ts';
import { box } from './images.ts';
import { kubernetesVersion, whyNot } from './programs.ts';
import { describeWithCluster } from './testing.ts';

const pod = z.looseObject({
  spec: z.looseObject({ nodeName: z.string().optional() }),
  status: z.looseObject({
    phase: z.string().optional(),
    podIP: z.string().optional(),
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** Waits until an object of the namespace `default` is as it is to be, and gives it. */
async function object(
  cluster: TestCluster,
  kind: Kind,
  holds: (object: ApiObject) => boolean,
  namespace = 'default',
): Promise<ApiObject> {
  for await (const event of follow(
    cluster.client,
    { kind, namespace },
    { signal: AbortSignal.timeout(60_000) },
  ))
    if (event.type !== 'synced' && event.type !== 'deleted' && holds(event.object)) return event.object;
  throw new Error(`no ${kind} is as it was waited for`);
}

function named(name: string, phase?: string) {
  return (one: ApiObject) =>
    one.metadata.name === name &&
    (phase === undefined || pod.parse({ spec: {}, ...one }).status.phase === phase);
}

const make = (cluster: TestCluster, ...objects: readonly object[]) =>
  Promise.all(
    objects.map((one) =>
      cluster.client.create({
        apiVersion: 'v1',
        ...one,
        metadata: {
          namespace: 'default',
          ...('metadata' in one && typeof one.metadata === 'object' ? one.metadata : {}),
        },
      } as ApiObject),
    ),
  );

function container(name: string, args: readonly string[], more: object = {}) {
  return { name, image: box, args, ...more };
}

describeWithCluster('a cluster of three nodes', { nodes: 3 }, (cluster) => {
  test('is the Kubernetes that go.mod names', async () => {
    expect(await cluster().client.version()).toBe(kubernetesVersion());
  });

  test('has a Ready pod on each node, and another reaches them by the name of their Service', async () => {
    const labels = { app: 'web' };
    await make(
      cluster(),
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'web' },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 1,
              containers: [
                container('web', ['serve', ':80'], {
                  readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 },
                }),
              ],
            },
          },
        },
      },
      { kind: 'Service', metadata: { name: 'web' }, spec: { selector: labels, ports: [{ port: 80 }] } },
      {
        kind: 'Service',
        metadata: { name: 'each' },
        spec: { selector: labels, clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
      },
    );
    const status = z.looseObject({ status: z.looseObject({ numberReady: z.number().default(0) }) });
    await object(cluster(), 'DaemonSet', (one) => status.parse(one).status.numberReady === 3);
    const { items } = await cluster().client.list(
      { kind: 'Pod', namespace: 'default' },
      { labels: 'app=web' },
    );
    expect(items.map((one) => pod.parse(one).spec.nodeName).sort()).toEqual(['node1', 'node2', 'node3']);

    for (const [name, host] of [
      ['by-service', 'web.default.svc.cluster.local'],
      ['by-short-name', 'web'],
      ['headless', 'each'],
    ] as const) {
      await make(cluster(), {
        kind: 'Pod',
        metadata: { name },
        spec: {
          restartPolicy: 'OnFailure',
          containers: [container('fetch', ['fetch', `http://${host}:80/`])],
        },
      });
      await object(cluster(), 'Pod', named(name, 'Succeeded'));
      const lines = await Array.fromAsync(
        cluster().client.logs('default', name, {}, AbortSignal.timeout(10_000)),
      );
      expect(lines.join()).toMatch(/^web-\w+$/);
    }
  });

  test.each([
    ['local', 'node1'],
    ['shared', 'node1'],
  ])('has volumes of the class %s, which go with their claims', async (storageClassName, nodeName) => {
    const name = `data-${storageClassName}`;
    await make(
      cluster(),
      {
        kind: 'PersistentVolumeClaim',
        metadata: { name },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName,
          resources: { requests: { storage: '1Gi' } },
        },
      },
      {
        kind: 'Pod',
        metadata: { name },
        spec: {
          nodeSelector: { 'kubernetes.io/hostname': nodeName },
          terminationGracePeriodSeconds: 0,
          securityContext: { runAsUser: 1000, fsGroup: 1000 },
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
          containers: [
            container('pause', ['pause'], { volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
          ],
        },
      },
    );
    await object(cluster(), 'Pod', named(name, 'Running'));
    const claim = await object(cluster(), 'PersistentVolumeClaim', named(name, 'Bound'));
    const { volumeName } = z.looseObject({ volumeName: z.string() }).parse(claim['spec']);
    const folder = join(
      cluster().folder,
      storageClassName === 'shared' ? 'shared' : 'node1/volumes',
      volumeName,
    );
    expect(existsSync(folder)).toBe(true);
    await cluster().client.remove({ kind: 'Pod', namespace: 'default', name });
    await cluster().client.remove({ kind: 'PersistentVolumeClaim', namespace: 'default', name });
    await expect.poll(() => existsSync(folder), { timeout: 20_000 }).toBe(false);
  });

  test('knows that a node has no power, and what ran there comes up with it again', async () => {
    const before = await webOn(cluster(), 'node2');
    await cluster().powerOff('node2');
    expect(cluster().nodes.map(({ on }) => on)).toEqual([true, false, true]);
    await cluster().lost('node2');
    cluster().heal('node2');
    await cluster().ready('node2');
    await object(cluster(), 'Pod', (one) => {
      const { spec, status } = pod.parse(one);
      return (
        spec.nodeName === 'node2' &&
        status.phase === 'Running' &&
        status.podIP !== pod.parse(before).status.podIP &&
        status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True')
      );
    });
  });

  test('a node without its cable is lost and runs on, and is back with it', async () => {
    cluster().partition('node3');
    await cluster().lost('node3');
    expect(cluster().nodes[2]?.on).toBe(true);
    cluster().heal('node3');
    await cluster().ready();
  });
});

async function webOn(cluster: TestCluster, node: string): Promise<ApiObject> {
  const ready = (one: ApiObject) =>
    one.metadata.name.startsWith('web-') &&
    pod.parse(one).spec.nodeName === node &&
    pod.parse(one).status.podIP !== undefined;
  return object(cluster, 'Pod', ready);
}

/** What a cluster could leave on this host. Others have clusters meanwhile, so only what is named after this one counts. */
function left(cluster: TestCluster) {
  const [, , number] = cluster.fabric.subnet.split('.');
  const name = cluster.folder.replace(`${tmpdir()}/`, '');
  const groups = ['', ...readdirSync('/sys/fs/cgroup')].map((one) => join('/sys/fs/cgroup', one, name));
  return {
    folder: existsSync(cluster.folder),
    cable: existsSync(`/sys/class/net/klgk8s${number}`),
    routes: readFileSync('/proc/net/route', 'utf8').includes(`klgk8s${number}\t`),
    groups: groups.filter(existsSync),
    mounts: readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .filter((line) => line.includes(name)),
    processes: readdirSync('/proc').filter((pid) => commandOf(pid).includes(name)),
  };
}

const nothing = { folder: false, cable: false, routes: false, groups: [], mounts: [], processes: [] };

/** Settings of this host that parts of Kubernetes would like to change. */
function settings(): string[] {
  return [
    'vm/overcommit_memory',
    'vm/panic_on_oom',
    'kernel/panic',
    'kernel/panic_on_oops',
    'kernel/keys/root_maxkeys',
    'net/ipv4/ip_forward',
    'net/netfilter/nf_conntrack_max',
  ]
    .filter((name) => existsSync(`/proc/sys/${name}`))
    .map((name) => `${name} ${readFileSync(`/proc/sys/${name}`, 'utf8').trim()}`);
}

describe.skipIf(whyNot() !== null)('a cluster that ends', () => {
  test('leaves this host as it was, also when its process is killed', async () => {
    const before = settings();
    const gone = await startCluster({ nodes: 1 });
    expect(left(gone)).not.toEqual(nothing);
    expect(left(gone).mounts, 'nothing of it is mounted for others').toEqual([]);
    await gone[Symbol.asyncDispose]();
    expect(left(gone)).toEqual(nothing);

    const killed = await startCluster({ nodes: 1 });
    process.kill(killed.fabric.pid, 'SIGKILL');
    killed.client.close();
    await expect
      .poll(() => [left(killed).processes, left(killed).cable], { timeout: 20_000 })
      .toEqual([[], false]);
    // The next one sweeps up after it.
    await using _next = await startCluster({ nodes: 0 });
    expect(left(killed)).toMatchObject({ folder: false, groups: [], processes: [] });
    expect(settings()).toEqual(before);
  });

  test('with a thousand nodes that only say that they are there runs pods on them', async () => {
    await using cluster = await startCluster({ nodes: 0, simulated: 1000 });
    const { items } = await cluster.client.list({ kind: 'Node' });
    expect(items).toHaveLength(1000);
    const labels = { app: 'many' };
    const template = { metadata: { labels }, spec: { containers: [container('pause', ['pause'])] } };
    const job = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
    await make(
      cluster,
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'many' },
        spec: { selector: { matchLabels: labels }, template },
      },
      { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once' }, spec: { template: job } },
    );
    const daemons = z.looseObject({ status: z.looseObject({ numberReady: z.number().default(0) }) });
    await object(cluster, 'DaemonSet', (one) => daemons.parse(one).status.numberReady === 1000);
    const jobs = z.looseObject({ status: z.looseObject({ succeeded: z.number().default(0) }) });
    await object(cluster, 'Job', (one) => jobs.parse(one).status.succeeded === 1);
  });
});
