import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import type { ApiObject } from '../../../src/kubernetes/object.ts';
import { describeWithCluster } from '../../cluster/testing.ts';
import { FaultApi } from '../../support/fault-api.ts';
import { scratch } from '../../support/folders.ts';
import { image } from '../cluster-world.ts';
import { Running } from '../running.ts';
import { makeShop, type Shop } from '../shop.ts';

/* What stands against bringing a deployment up on a cluster: one error that says what it is, and after it is mended the next run goes on. */

const name = 'kollage-faults';
const role = z.looseObject({ rules: z.array(z.looseObject({ resources: z.array(z.string()) })) });

describeWithCluster('a cluster that does not do what it should', { nodes: 1, images: [image] }, (cluster) => {
  let running: Running | undefined;

  const shopOn = (kubeconfig: string, more = ''): { shop: Shop; running: Running } => {
    const shop = makeShop(name, 21450, `engine: { type: kubernetes, address: ${kubeconfig}${more} }\n`);
    return { shop, running: new Running(shop.folder) };
  };
  /** Of a fresh deployment; it is taken away as the administrator after the test. */
  const fresh = (more = '') => {
    const made = shopOn(cluster().kubeconfig, more);
    running = made.running;
    return made;
  };
  /** A kubeconfig after this change of the administrator's. */
  const kubeconfig = (change: (text: string) => string): string => {
    const path = join(scratch(), 'kubeconfig');
    writeFileSync(path, change(readFileSync(cluster().kubeconfig, 'utf8')));
    return path;
  };
  const healthy = async (one: Running) => expect(await one.ailing()).toEqual([]);
  const pods = async () => (await cluster().client.list({ kind: 'Pod', namespace: name })).items;

  afterEach(async () => {
    await running?.destroy();
    running = undefined;
  });

  test('that nobody runs is named by its address, and nothing was begun', async () => {
    const nowhere = kubeconfig((text) => text.replace(/server: .*/, 'server: https://127.0.0.1:1'));
    expect(await shopOn(nowhere).running.failsUp()).toMatchObject({
      code: 'KLG-501',
      message: expect.stringContaining('the API server https://127.0.0.1:1 does not answer'),
    });
    expect(await shopOn(join(scratch(), 'none')).running.failsUp()).toMatchObject({ code: 'KLG-540' });
  });

  describe('the API server', () => {
    test.each(['change-started', 'started'] as const)(
      'that goes away at the first event %s: one error says so, and the next run finishes',
      async (type) => {
        const { running } = fresh();
        let ended: Promise<void> | undefined;
        const error = await running.failsUp((event) => {
          if (event.type === type) ended ??= cluster().stopApiServer();
        });
        await ended;
        await cluster().startApiServer();
        expect(error).toMatchObject({ code: 'KLG-501', message: expect.stringContaining('does not answer') });
        expect((await running.up()).number).toBe(1);
        await healthy(running);
      },
    );

    test('that stands still is told as one that is away', async () => {
      const { running } = fresh();
      cluster().haltApiServer();
      const error = await running.failsUp().finally(() => cluster().resumeApiServer());
      expect(error).toMatchObject({ code: 'KLG-501', message: expect.stringContaining('it is silent') });
      expect((await running.up()).number).toBe(1);
    });

    test('that is away for a while: what runs goes on, and there is nothing to do afterwards', async () => {
      const { running } = fresh();
      await running.up();
      const uids = async () => (await pods()).map(({ metadata }) => metadata.uid).sort();
      const before = await uids();
      await cluster().stopApiServer();
      expect(await running.failsUp()).toMatchObject({ code: 'KLG-501' });
      await cluster().startApiServer();
      await running.becomesHealthy();
      expect(await uids()).toEqual(before);
      expect((await running.up()).number).toBeNull();
    });
  });

  describe('requests', () => {
    test('whose answers are lost: each time one error, and the last run finishes', async () => {
      const api = new FaultApi(cluster().kubeconfig);
      await api.start();
      try {
        fresh();
        const { running: throughIt } = shopOn(api.kubeconfig);
        // Each kind of change once, the first time that it comes.
        const lost = new Set<string>();
        api.fail((change) => {
          if (change === null || lost.has(change) || change.endsWith(' leases')) return null;
          lost.add(change);
          return 'cut after';
        });
        for (;;) {
          const before = lost.size;
          const error = await throughIt.tryUp();
          if (error === null) break;
          expect(error).toMatchObject({ code: 'KLG-501' });
          expect(lost.size).toBeGreaterThan(before);
        }
        expect([...lost]).toEqual(
          expect.arrayContaining(['PATCH deployments', 'PATCH jobs', 'POST secrets']),
        );
        await healthy(throughIt);
      } finally {
        await api.stop();
      }
    });

    test('that the server accepts no more in the middle, since the login has expired', async () => {
      const api = new FaultApi(cluster().kubeconfig);
      await api.start();
      try {
        fresh();
        const { running: throughIt } = shopOn(api.kubeconfig);
        const error = await throughIt.failsUp((event) => {
          if (event.type === 'change-started') api.fail(() => 401);
        });
        expect(error).toMatchObject({ code: 'KLG-541', message: expect.stringContaining('Unauthorized') });
        api.fail(() => null);
        expect((await throughIt.up()).number).toBe(1);
        await healthy(throughIt);
      } finally {
        await api.stop();
      }
    });
  });

  test('a role that is too small is told by verb and resource; with the documented one all works', async () => {
    const { client } = cluster();
    const rbac = 'rbac.authorization.k8s.io';
    const metadata = { name: 'kollage', namespace: name };
    const documented = documentedRole();
    const give = (rules: readonly object[]) =>
      client.apply({ apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules }, { manager: 'test' });
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    await client.create({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'kollage' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    });
    const token = await tokenOf(name, 'kollage');
    const { running: operator } = shopOn(
      kubeconfig((text) => {
        const config = parse(text) as { users: { user: object }[] };
        return stringify({ ...config, users: config.users.map((one) => ({ ...one, user: { token } })) });
      }),
    );
    for (const resource of ['leases', 'deployments', 'roles', 'jobs']) {
      const [left, kept] = [true, false].map((has) =>
        documented.filter(({ resources }) => resources.includes(resource) === has),
      ) as [typeof documented, typeof documented];
      await give(kept);
      const { code, message } = await operator.failsUp();
      // Several are asked for at once: any that stands in a rule with it may be the first that is refused.
      const any = left.flatMap(({ resources }) => resources).join('|');
      expect([code, message]).toEqual([
        'KLG-542',
        expect.stringMatching(`:${name}:kollage may not [a-z]+ (${any})\\.`),
      ]);
    }
    await give(documented);
    expect((await operator.up()).number).toBe(1);
    await healthy(operator);
    expect((await operator.up()).number).toBeNull();
    await operator.destroy();
    expect((await client.list({ kind: 'Deployment', namespace: name })).items).toEqual([]);
    await client.remove({ kind: 'Namespace', name });
    await gone();
  });

  test('a namespace that is being deleted', async () => {
    const { client } = cluster();
    const { running } = fresh();
    const held: ApiObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'held', namespace: name, finalizers: ['kollage.dev/test'] },
    };
    await gone();
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await client.create(held);
    await client.remove({ kind: 'Namespace', name });
    expect(await running.failsUp()).toMatchObject({
      code: 'KLG-543',
      message: `the namespace ${name} is being deleted`,
    });
    await client.patch(
      { kind: 'ConfigMap', namespace: name, name: 'held' },
      { metadata: { finalizers: null } },
    );
    await gone();
    expect((await running.up()).number).toBe(1);
  });

  test('a storage class that is not there', async () => {
    const { shop, running } = fresh(', storage: { class: nvme }');
    shop.define('web', (text) =>
      text.replace('volumes: { data: {} }', 'volumes: { data: { each: deployment } }'),
    );
    expect(await running.failsUp()).toMatchObject({
      code: 'KLG-545',
      message: 'there is no storage class nvme for web-data; there are: local, shared',
    });
    expect(await pods()).toEqual([]);
    const { client } = cluster();
    await client.create({
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'nvme' },
      provisioner: 'kollage.dev/test-cluster',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    expect((await running.up()).number).toBe(1);
    await healthy(running);
  });

  async function gone(): Promise<void> {
    await expect
      .poll(() => cluster().client.get({ kind: 'Namespace', name }), { timeout: 60_000 })
      .toBeNull();
  }

  async function tokenOf(namespace: string, account: string): Promise<string> {
    const asked = await cluster().client.transport.json({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      verb: 'create',
      body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    });
    return z.looseObject({ status: z.looseObject({ token: z.string() }) }).parse(asked).status.token;
  }
});

/** The rules of the role in docs/kubernetes.md. */
function documentedRole(): z.infer<typeof role>['rules'] {
  const page = readFileSync(new URL('../../../docs/kubernetes.md', import.meta.url), 'utf8');
  const [block = ''] = [...page.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, text = '']) =>
    text.includes('kind: Role\n') ? [text] : [],
  );
  return role.parse(parseAllDocuments(block)[0]?.toJS()).rules;
}
