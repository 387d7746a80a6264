import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { telling } from '../../src/kubernetes/errors.ts';
import { LiveClient } from '../../src/kubernetes/live.ts';
import type { ApiObject } from '../../src/kubernetes/object.ts';
import { follow, type ObjectEvent } from '../../src/kubernetes/watch.ts';
import { KubernetesStore } from '../../src/state/kubernetes/store.ts';
import { describeWithCluster } from '../cluster/testing.ts';
import { folderWith } from '../support/folders.ts';
import { fresh } from '../support/store.ts';

afterEach(() => void vi.unstubAllEnvs());

describeWithCluster('a client of the API', { nodes: 0 }, (cluster) => {
  const kubeconfig = z.looseObject({
    users: z.array(z.looseObject({ user: z.looseObject({}) })),
    clusters: z.array(z.looseObject({ cluster: z.looseObject({}) })),
  });

  /** A client as the administrator's kubeconfig makes it after this change of it. */
  const as = (change: (config: z.infer<typeof kubeconfig>) => void) => {
    const config = kubeconfig.parse(parse(readFileSync(cluster().kubeconfig, 'utf8')));
    change(config);
    return KubernetesClient.connect({
      kubeconfig: join(folderWith({ config: stringify(config) }), 'config'),
    });
  };

  const asUser = (user: object) =>
    as(({ users }) => {
      for (const one of users) one.user = { ...user };
    });

  const map = (name: string, data: Record<string, string> = {}, namespace = 'default'): ApiObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
    data,
  });

  const failing = (code: string, message: string) => ({ code, message: expect.stringContaining(message) });

  test('without a kubeconfig, or with a context that it does not have, says so', async () => {
    const empty = folderWith({});
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', empty);
    await expect(KubernetesClient.connect({})).rejects.toMatchObject(failing('KLG-540', 'no kubeconfig'));
    vi.stubEnv('KUBECONFIG', join(empty, 'none'));
    await expect(KubernetesClient.connect({})).rejects.toMatchObject(failing('KLG-540', join(empty, 'none')));
    vi.stubEnv('KUBECONFIG', cluster().kubeconfig);
    await expect(KubernetesClient.connect({ context: 'prod' })).rejects.toMatchObject(
      failing('KLG-540', 'there is no context prod; there are: test'),
    );
    const found = await KubernetesClient.connect({});
    expect(found.context).toBe('test');
    expect(await found.version()).toMatch(/^v1\./);
  });

  test('whom the cluster does not know is told so, and so is one whose plugin fails', async () => {
    const withdrawn = await asUser({ token: 'what was given once' });
    await expect(telling(() => withdrawn.list({ kind: 'Pod' }))).rejects.toMatchObject(
      failing('KLG-541', 'Unauthorized'),
    );
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'sh',
      args: ['-c', 'echo the session has expired >&2; exit 1'],
      interactiveMode: 'Never',
    };
    const plugin = await asUser({ exec });
    await expect(telling(() => plugin.list({ kind: 'Pod' }))).rejects.toMatchObject(
      failing('KLG-541', 'the session has expired'),
    );
  });

  test('a plugin that gives a token is asked once, and lets in', async () => {
    const folder = folderWith({});
    const token = await tokenOf('plugged', []);
    const credential = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token },
    });
    const args = ['-c', `echo x >> ${folder}/asked; echo '${credential}'`];
    const client = await asUser({
      exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args, interactiveMode: 'Never' },
    });
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
      metadata: { name: '' },
    };
    const { status } = z
      .looseObject({ status: z.looseObject({ userInfo: z.looseObject({ username: z.string() }) }) })
      .parse(
        await client.transport.json({
          method: 'POST',
          path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
          verb: 'create',
          body: review,
        }),
      );
    expect(status.userInfo.username).toBe('system:serviceaccount:default:plugged');
    await client.transport.text({ method: 'GET', path: '/version', verb: 'get' });
    expect(readFileSync(join(folder, 'asked'), 'utf8')).toBe('x\n');
  });

  /** The token of a new service account that may do this in the namespace `default`. */
  async function tokenOf(name: string, rules: readonly object[]): Promise<string> {
    const metadata = { name, namespace: 'default' };
    const rbac = 'rbac.authorization.k8s.io';
    const { client } = cluster();
    await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await client.create({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules });
    await client.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace: 'default' }],
    });
    const kubectl = join(cluster().folder, 'bin/kubectl');
    return execFileSync(kubectl, ['create', 'token', name, `--kubeconfig=${cluster().kubeconfig}`], {
      encoding: 'utf8',
    }).trim();
  }

  test('missing rights are named: which verb, on what, where, and whose', async () => {
    const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list'] };
    const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] };
    const client = await asUser({ token: await tokenOf('reader', [secrets, leases]) });
    const store = new KubernetesStore(client, 'default', 'demo');
    expect(await store.history()).toEqual([]);
    await expect(store.lock()).rejects.toMatchObject(
      failing(
        'KLG-542',
        'system:serviceaccount:default:reader may not create leases.coordination.k8s.io in the namespace default',
      ),
    );
    await expect(store.begin(fresh)).rejects.toMatchObject(
      failing('KLG-542', 'may not create secrets in the namespace default'),
    );
    const elsewhere = new KubernetesStore(client, 'elsewhere', 'demo');
    await expect(elsewhere.history()).rejects.toMatchObject(
      failing('KLG-542', 'may not list secrets in the namespace elsewhere'),
    );
    await store.close();
  });

  test('an error holds nothing of what was to be written', async () => {
    const client = await asUser({ token: await tokenOf('nobody', []) });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } };
    const write = telling(() => client.create({ ...secret, stringData: { password: 'hunter2' } }));
    const error = await write.catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'KLG-542' });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain('hunter2');
  });

  test('who may write, but not make the namespace, is told that', async () => {
    const client = await asUser({ token: await tokenOf('writer', []) });
    const clusterRole = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'writer' } };
    const post = (resource: string, body: object) =>
      cluster().client.transport.json({
        method: 'POST',
        path: `/apis/rbac.authorization.k8s.io/v1/${resource}`,
        verb: 'create',
        body,
      });
    await post('clusterroles', {
      ...clusterRole,
      kind: 'ClusterRole',
      rules: [{ apiGroups: ['', 'coordination.k8s.io'], resources: ['secrets', 'leases'], verbs: ['*'] }],
    });
    await post('clusterrolebindings', {
      ...clusterRole,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writer' },
      subjects: [{ kind: 'ServiceAccount', name: 'writer', namespace: 'default' }],
    });
    const store = new KubernetesStore(client, 'new', 'demo');
    await expect(store.lock()).rejects.toMatchObject(failing('KLG-542', 'may not create namespaces'));
  });

  test('a namespace that is being deleted takes nothing, and says so', async () => {
    const { client } = cluster();
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'leaving' } });
    const held = { ...map('held', {}, 'leaving') };
    await client.create({ ...held, metadata: { ...held.metadata, finalizers: ['kollage.dev/test'] } });
    await client.remove({ kind: 'Namespace', name: 'leaving' });
    const store = new KubernetesStore(
      await KubernetesClient.connect({ kubeconfig: cluster().kubeconfig }),
      'leaving',
      'demo',
    );
    await expect(store.lock()).rejects.toMatchObject(
      failing('KLG-543', 'the namespace leaving is being deleted'),
    );
    await expect(store.begin(fresh)).rejects.toMatchObject({ code: 'KLG-543' });
    const where = { kind: 'ConfigMap', namespace: 'leaving', name: 'held' } as const;
    await client.patch(where, { metadata: { finalizers: null } });
    await store.close();
  });

  test('a field that somebody else has set is named, with whose it is; by force it is taken over', async () => {
    const { client } = cluster();
    await client.apply(map('shared', { a: 'theirs', b: 'theirs' }), { manager: 'somebody' });
    const ours = map('shared', { a: 'ours' });
    await expect(telling(() => client.apply(ours, { manager: 'kollage' }))).rejects.toMatchObject(
      failing('KLG-544', 'ConfigMap shared: .data.a belongs to somebody'),
    );
    await client.apply(ours, { manager: 'kollage', force: true, dryRun: true });
    const where = { kind: 'ConfigMap', namespace: 'default', name: 'shared' } as const;
    expect((await client.get(where))?.['data']).toEqual({ a: 'theirs', b: 'theirs' });
    await client.apply(ours, { manager: 'kollage', force: true });
    expect((await client.get(where))?.['data']).toEqual({ a: 'ours', b: 'theirs' });
  });

  test('an API server that nobody runs, or whose certificate is another, is told with its address', async () => {
    const nobody = await as(({ clusters }) => {
      for (const { cluster } of clusters) cluster['server'] = 'https://127.0.0.1:1';
    });
    await expect(telling(() => nobody.version())).rejects.toMatchObject(
      failing('KLG-501', 'the API server https://127.0.0.1:1 does not answer: connect ECONNREFUSED'),
    );
    const foreign = await as(({ clusters }) => {
      for (const { cluster } of clusters) delete cluster['certificate-authority-data'];
    });
    await expect(telling(() => foreign.version())).rejects.toMatchObject(failing('KLG-501', 'certificate'));
  });

  test('a long list comes whole', async () => {
    const { client } = cluster();
    const names = Array.from({ length: 1100 }, (_, at) => `many-${at}`);
    for (let at = 0; at < names.length; at += 100)
      await Promise.all(names.slice(at, at + 100).map((name) => client.create(map(name, {}, 'kube-public'))));
    const { items } = await client.list({ kind: 'ConfigMap', namespace: 'kube-public' });
    const found = new Set(items.map(({ metadata }) => metadata.name));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
    await client.removeAll({ kind: 'ConfigMap', namespace: 'kube-public' }, {});
    expect((await client.list({ kind: 'ConfigMap', namespace: 'kube-public' })).items.length).toBeLessThan(
      10,
    );
  });

  test('what is followed is told once each, also what happened while the API server was away', async () => {
    const { client } = cluster();
    const stop = new AbortController();
    const told: string[] = [];
    const waiting = new Map<string, () => void>();
    const heard = (what: string) =>
      told.includes(what) ? undefined : new Promise<void>((resolve) => waiting.set(what, resolve));
    const tell = (event: ObjectEvent) => {
      const what = event.type === 'synced' ? 'synced' : `${event.type} ${event.object.metadata.name}`;
      told.push(what);
      waiting.get(what)?.();
    };
    const namespace = 'kube-node-lease';
    const following = (async () => {
      const where = { kind: 'ConfigMap', namespace } as const;
      for await (const event of follow(client, where, {
        signal: stop.signal,
        fields: 'metadata.name!=kube-root-ca.crt',
      }))
        tell(event);
    })();
    await heard('synced');
    await client.create(map('first', {}, namespace));
    await heard('added first');
    await client.patch({ kind: 'ConfigMap', namespace, name: 'first' }, { data: { a: 'b' } });
    await heard('modified first');
    await client.create(map('second', {}, namespace));
    await heard('added second');

    await cluster().stopApiServer();
    await expect(telling(() => client.version())).rejects.toMatchObject({ code: 'KLG-501' });
    await cluster().startApiServer();
    await client.remove({ kind: 'ConfigMap', namespace, name: 'second' });
    await client.create(map('third', {}, namespace));
    await Promise.all([heard('deleted second'), heard('added third')]);
    stop.abort();
    await following;
    expect(told.toSorted()).toEqual(
      ['synced', 'added first', 'modified first', 'added second', 'deleted second', 'added third'].sort(),
    );
  });

  test('who follows what has no bookmarks and never happens goes on, however long that is', async () => {
    const stop = new AbortController();
    const where = { kind: 'Event', namespace: 'default' } as const;
    const heard: string[] = [];
    const following = (async () => {
      const options = { fields: 'reason=Test', signal: stop.signal, patience: 300, silence: 500 };
      for await (const event of follow(cluster().client, where, options))
        heard.push(event.type === 'synced' ? 'synced' : `${event.type} ${event.object.metadata.name}`);
    })();
    // Silent five times, and longer than anybody's patience.
    await pause(3000);
    await cluster().client.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'late', namespace: 'default' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'none' },
      reason: 'Test',
    });
    await expect.poll(() => heard).toEqual(['synced', 'added late']);
    stop.abort();
    await following;
  });

  test('who follows an API server that stays away is told so after a while', async () => {
    await cluster().stopApiServer();
    const events = follow(
      cluster().client,
      { kind: 'Pod', namespace: 'default' },
      { signal: AbortSignal.timeout(30_000), patience: 1000 },
    );
    await expect(telling(() => events.next())).rejects.toMatchObject({ code: 'KLG-501' });
    await cluster().startApiServer();
  });

  test('who looks again and again hears what happens, and is told when the API server is gone', async () => {
    const { kubeconfig } = cluster();
    const live = await LiveClient.connect({ kubeconfig });
    const where = { kind: 'ConfigMap', namespace: 'default' } as const;
    const look = async (only?: 'metadata') =>
      (await live.look(where, { labels: 'app=looked', ...(only && { only }) })).map(({ metadata, data }) => [
        metadata.name,
        data,
      ]);
    const made = map('looked', { a: '1' });
    await cluster().client.create({ ...made, metadata: { ...made.metadata, labels: { app: 'looked' } } });
    expect(await look()).toEqual([['looked', { a: '1' }]]);
    expect(await look('metadata')).toEqual([['looked', undefined]]);
    await cluster().client.patch({ ...where, name: 'looked' }, { data: { a: '2' } });
    await expect.poll(() => look()).toEqual([['looked', { a: '2' }]]);
    await cluster().client.remove({ ...where, name: 'looked' });
    await expect.poll(() => look('metadata')).toEqual([]);

    await cluster().stopApiServer();
    await expect
      .poll(() => telling(look).then(String, ({ code }) => code), { timeout: 20_000 })
      .toBe('KLG-501');
    await cluster().startApiServer();
    expect(await look()).toEqual([]);
    live.close();
  });
});
