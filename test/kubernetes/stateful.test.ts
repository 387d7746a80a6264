import { expect, test } from 'vitest';
import { captured } from '../../src/engines/io.ts';
import { KubernetesEngine } from '../../src/engines/kubernetes/engine.ts';
import type { Desired, Workload } from '../../src/model/resource.ts';
import { desiredOf, finish } from '../../src/plan/testing.ts';
import type { TestCluster } from '../cluster/cluster.ts';
import { describeWithCluster } from '../cluster/testing.ts';

/* Pods that are somebody: each keeps its volume, and what Kubernetes alone would not bring to an end. */

const image = 'kollage/rabbitmq:2025.1';
const namespace = 'test';
const port = 8080;

const waits = 'import time; time.sleep(10000)';
/** The first one answers; the other one does when the first one has answered it. It writes its name to its volume, below that of those before it. */
const serves = `
import http.server, pathlib, socket, time
name = socket.gethostname()
told = pathlib.Path("/data/told")
lines = told.read_text() if told.exists() else ""
told.write_text(lines + name + "\\n")
while not name.endswith("-0"):
    try:
        socket.create_connection(("db-server-0.db-server-pods", ${port}), 1).close()
        break
    except OSError:
        time.sleep(0.2)
http.server.HTTPServer(("", ${port}), http.server.SimpleHTTPRequestHandler).serve_forever()
`;

function state(program: string, volume = 'db/data'): Desired {
  const probe = { type: 'tcp', host: '', port } as const;
  const desired = desiredOf({
    engine: 'kubernetes',
    nodes: ['localhost'],
    volumes: [volume],
    endpoints: [{ id: 'db/main', workload: 'db/server', port }],
    workloads: [
      {
        id: 'db/server',
        image,
        start: 'plain',
        command: ['python3', '-c', program],
        user: 'root',
        scale: { replicas: 2 },
        health: { probe, interval: 1, timeout: 2, grace: 600 },
        mounts: [{ type: 'volume', source: volume, path: '/data', readOnly: false, shared: false }],
        stop: { signal: null, command: null, grace: 1 },
      },
    ],
  });
  const resources = desired.resources.map((one) =>
    one.kind === 'volume' ? { ...one, each: 'instance' as const } : one,
  );
  return finish({ ...desired, deployment: namespace, resources });
}

describeWithCluster('pods with volumes of their own', { nodes: 2, images: [image] }, (cluster) => {
  const engineOf = ({ kubeconfig }: TestCluster) =>
    new KubernetesEngine({ type: 'kubernetes', address: kubeconfig, storage: { class: 'local' } });

  /** Applies a state's workload; resolves when it is settled, or, where it need not be, when it is applied. */
  async function apply(desired: Desired, wait = true): Promise<void> {
    const engine = engineOf(cluster());
    const workload = desired.resources.find((one): one is Workload => one.kind === 'workload');
    if (!workload) throw new Error('there is no workload');
    const stop = new AbortController();
    const settled = new Set<string>();
    const heard = Promise.withResolvers<void>();
    let attempt = '';
    const listening = (async () => {
      for await (const event of engine.watch(namespace, stop.signal)) {
        if (event.type === 'settled') settled.add(event.attempt);
        if (settled.has(attempt)) heard.resolve();
      }
    })();
    const provision = {
      deployment: namespace,
      bundle: null,
      desired,
      tasks: new Map(),
      secret: () => undefined,
      needsTimeout: 60,
    };
    const made = await engine.whole.apply(workload, provision);
    attempt = made.attempt;
    if (made.settled || settled.has(attempt)) heard.resolve();
    if (wait) await heard.promise;
    stop.abort();
    await listening.catch(() => undefined);
  }

  const names = async (kind: 'Pod' | 'PersistentVolumeClaim') => {
    const labels = `kollage.dev/deployment=${namespace}`;
    const { items } = await cluster().client.list({ kind, namespace }, { labels });
    return items.map(({ metadata }) => metadata.name).sort();
  };

  async function told(pod: string): Promise<string[]> {
    const { output } = await captured((io) =>
      engineOf(cluster()).exec(namespace, pod, ['cat', '/data/told'], io),
    );
    return output.trim().split('\n');
  }

  test('none of which serves are exchanged at once: the last one would wait for the first', async () => {
    await apply(state(waits), false);
    const began = async () =>
      (await cluster().client.list({ kind: 'Pod', namespace })).items.map(
        ({ status }) => (status as { phase?: string }).phase,
      );
    await expect.poll(began, { timeout: 30_000 }).toEqual(['Running', 'Running']);
    await apply(state(serves));
    expect(await told('db-server-0')).toEqual(['db-server-0']);
    expect(await told('db-server-1')).toEqual(['db-server-1']);
  });

  test('keep them over a change, each its own', async () => {
    await apply(state(`${serves}\n# another`));
    expect(await told('db-server-0')).toEqual(['db-server-0', 'db-server-0']);
    expect(await told('db-server-1')).toEqual(['db-server-1', 'db-server-1']);
  });

  test('get others where these are what changes, and those that were stay', async () => {
    await apply(state(serves, 'db/other'));
    expect(await told('db-server-0')).toEqual(['db-server-0']);
    expect(await names('PersistentVolumeClaim')).toEqual([
      'db-data-db-server-0',
      'db-data-db-server-1',
      'db-other-db-server-0',
      'db-other-db-server-1',
    ]);
    const engine = engineOf(cluster());
    await engine.removeVolume(namespace, 'db/data');
    await expect
      .poll(() => names('PersistentVolumeClaim'), { timeout: 30_000 })
      .toEqual(['db-other-db-server-0', 'db-other-db-server-1']);
  });
});
