import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { KubernetesStore } from '../../src/state/kubernetes/store.ts';
import { describeWithCluster } from '../cluster/testing.ts';
import { beginTogether, fresh, storeTests } from '../support/store.ts';

describeWithCluster('state in a cluster', { nodes: 0 }, (cluster) => {
  const open = async (deployment: string, namespace = deployment) => {
    const client = await KubernetesClient.connect({ kubeconfig: cluster().kubeconfig });
    return new KubernetesStore(client, namespace, deployment);
  };

  storeTests(open);

  const secrets = async (namespace: string) => {
    const { items } = await cluster().client.list({ kind: 'Secret', namespace });
    return items;
  };

  test('nothing is made by asking, not even the namespace', async () => {
    const store = await open('never');
    expect(await store.history()).toEqual([]);
    expect(await store.last()).toBeNull();
    expect(await store.paused()).toBeNull();
    expect(await cluster().client.get({ kind: 'Namespace', name: 'never' })).toBeNull();
    await store.close();
  });

  test('a large revision lies in several Secrets, each with its owner, none of which anybody can change', async () => {
    const own = (await secrets('large')).filter(({ metadata }) => metadata.name.startsWith('kollage-large-'));
    expect(own.length).toBeGreaterThan(5);
    for (const { metadata, immutable } of own) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/managed-by': 'kollage',
        'kollage.dev/deployment': 'large',
      });
      if (metadata.labels?.['kollage.dev/state'] !== 'journal') expect(immutable).toBe(true);
    }
  });

  test('two deployments in a namespace know nothing of each other', async () => {
    const [one, other] = [await open('one', 'both'), await open('other', 'both')];
    await one.mark(await one.begin(fresh), 'done');
    await one.pause({ by: 'me', why: '', until: null });
    expect(await other.history()).toEqual([]);
    expect(await other.paused()).toBeNull();
    await using _mine = await one.lock();
    await using _theirs = await other.lock();
    await one.close();
    await other.close();
  });

  test('of two that begin at the same moment each has a number of its own, and all of its own', async () => {
    await beginTogether(() => open('race'));
  });

  test('a piece that somebody took away is told by name', async () => {
    const store = await open('broken');
    await store.begin(fresh);
    await cluster().client.remove({ kind: 'Secret', namespace: 'broken', name: 'kollage-broken-1' });
    await store.begin(fresh);
    const name = { kind: 'Secret', namespace: 'broken', name: 'kollage-broken-1' } as const;
    await cluster().client.patch(name, { metadata: { annotations: { 'kollage.dev/head': 'x' } } });
    await expect(store.history()).rejects.toMatchObject({
      code: 'KLG-508',
      message: expect.stringContaining('kollage-broken-1'),
    });
    await store.close();
  });

  /** A process of its own that takes the lock of a deployment, tells so, and holds it until it is killed. */
  const holding = async (deployment: string, env: Record<string, string> = {}) => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', `${import.meta.dirname}/hold-lock.ts`, deployment],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, KUBECONFIG: cluster().kubeconfig, ...env },
      },
    );
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    expect(line).toBe('held');
    return child;
  };

  test('the lock of a process that died here is taken over at once', async () => {
    const store = await open('died');
    const holder = await holding('died');
    await expect(store.lock()).rejects.toMatchObject({
      code: 'KLG-503',
      message: expect.stringContaining(`process ${holder.pid} `),
    });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const began = performance.now();
    await using _lock = await store.lock();
    // Long before it would run out: it was renewed at most 3 s ago.
    expect(performance.now() - began).toBeLessThan(10_000);
    await store.close();
  });

  test('the lock of a process that died elsewhere is taken over when its time is over, and not before', async () => {
    const store = await open('elsewhere');
    const lease = { kind: 'Lease', namespace: 'elsewhere', name: 'kollage-elsewhere' } as const;
    const holder = await holding('elsewhere');
    const elsewhere = JSON.stringify({ host: 'far', pid: 1, started: '1', machine: 'far', id: 'x' });
    const spec = {
      holderIdentity: elsewhere,
      renewTime: new Date(Date.now() - 11_000).toISOString().replace('Z', '000Z'),
    };
    await cluster().client.patch(lease, { spec });
    const began = performance.now();
    await using _lock = await store.lock();
    expect(performance.now() - began).toBeGreaterThan(2000);
    holder.kill('SIGKILL');
    await store.close();
  });

  test('one that lives elsewhere, as its renewals show, keeps the lock', async () => {
    const store = await open('alive');
    const client = await KubernetesClient.connect({ kubeconfig: cluster().kubeconfig });
    const lease = { kind: 'Lease', namespace: 'alive', name: 'kollage-alive' } as const;
    (await store.lock())[Symbol.asyncDispose]().then(() => undefined);
    const now = () => new Date().toISOString().replace('Z', '000Z');
    const elsewhere = JSON.stringify({ host: 'far', pid: 7, started: '1', machine: 'far', id: 'x' });
    await expect
      .poll(async () => (await client.get(lease))?.['spec'], { timeout: 5000 })
      .not.toHaveProperty('holderIdentity');
    await client.patch(lease, { spec: { holderIdentity: elsewhere, acquireTime: now(), renewTime: now() } });
    const renewing = setInterval(() => void client.patch(lease, { spec: { renewTime: now() } }), 1000);
    await expect(store.lock()).rejects.toMatchObject({
      code: 'KLG-503',
      message: expect.stringContaining('process 7 on far'),
    });
    clearInterval(renewing);
    client.close();
    await store.close();
  });

  test('who has lost the lock writes no more', async () => {
    const store = await open('lost');
    await using _lock = await store.lock();
    const number = await store.begin(fresh);
    const lease = { kind: 'Lease', namespace: 'lost', name: 'kollage-lost' } as const;
    await cluster().client.patch(lease, { spec: { holderIdentity: 'somebody' } });
    await expect
      .poll(() => store.mark(number, 'done').then(String, ({ code }) => code), { timeout: 10_000 })
      .toBe('KLG-503');
    expect((await cluster().client.get(lease))?.['spec']).toMatchObject({ holderIdentity: 'somebody' });
    await store.close();
  });
});
