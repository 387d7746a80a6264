import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import type { Change } from '../../../src/model/plan.ts';
import { heal } from '../../../src/operate/heal/heal.ts';
import { openWard } from '../../../src/operate/heal/ward.ts';
import { planDeployment } from '../../../src/operate/plan.ts';
import { asYaml, renderManifests } from '../../../src/operate/render-manifests.ts';
import { rollback } from '../../../src/operate/rollback.ts';
import { readReplicas, writeReplicas } from '../../../src/operate/scale.ts';
import { rotate } from '../../../src/operate/secrets/rotate.ts';
import { describeWithCluster } from '../../cluster/testing.ts';
import { scratch } from '../../support/folders.ts';
import { image } from '../cluster-world.ts';
import { following } from '../follow.ts';
import { Running } from '../running.ts';
import { makeShop, type Shop } from '../shop.ts';

/* What becomes of a deployment after it was brought up, on a real cluster of one node: each test goes on where the one before it ended. */

const name = 'kollage-life';

describeWithCluster('a deployment on Kubernetes', { nodes: 1, images: [image] }, (cluster) => {
  let shop: Shop;
  let running: Running;
  const { signal } = new AbortController();

  beforeAll(async () => {
    const engine = `{ type: kubernetes, address: ${cluster().kubeconfig}, storage: { class: local } }`;
    shop = makeShop(name, 21450, `engine: ${engine}\n`);
    shop.define('web', (text) =>
      text.replace('volumes: { data: {} }', 'volumes: { data: { each: deployment } }'),
    );
    running = new Running(shop.folder);
    expect((await running.up()).number).toBe(1);
  });

  const kubectl = (...args: string[]) =>
    execFileSync(join(cluster().folder, 'bin/kubectl'), ['--namespace', name, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, KUBECONFIG: cluster().kubeconfig },
    }).trim();
  const names = (...args: string[]) =>
    kubectl('get', ...args, '--output', 'name')
      .split('\n')
      .filter(Boolean);
  /** The pods of a workload that are not on their way out, sorted. */
  const podsOf = (workload: string) =>
    kubectl(
      'get',
      'pods',
      '--selector',
      `kollage.dev/workload=${workload}`,
      '--output',
      'jsonpath={range .items[*]}{.metadata.name} {.metadata.deletionTimestamp}{"\\n"}{end}',
    )
      .split('\n')
      .flatMap((line) => (line.endsWith(' ') || !line.includes(' ') ? [line.trim()] : []))
      .filter(Boolean)
      .sort();
  const changesNow = async () => (await planDeployment({ folder: shop.folder })).changes;
  const told = (changes: readonly Change[]) =>
    changes.map(({ key, action, mode, reasons }) => [
      key,
      mode ?? action,
      ...reasons.map(({ before, after }) => before ?? after),
    ]);
  const modes = (changes: readonly Change[]) => changes.map(({ key, mode }) => [key, mode]);
  const nothingToDo = async () => expect(told(await changesNow())).toEqual([]);

  test('is scaled beside the pods that are there, and back', async () => {
    const [first] = podsOf('web-back');
    await writeReplicas(shop.folder, readReplicas(['web/back=3']));
    expect(modes(await changesNow())).toEqual([['workload:web/back', 'in-place']]);
    await running.up();
    expect(podsOf('web-back')).toHaveLength(3);
    expect(podsOf('web-back')).toContain(first);
    expect(names('poddisruptionbudgets')).toEqual(['poddisruptionbudget.policy/web-back']);
    await writeReplicas(shop.folder, readReplicas(['web/back=1']));
    await running.up();
    await vi.waitFor(() => expect(podsOf('web-back')).toHaveLength(1), { timeout: 30_000 });
    expect(names('poddisruptionbudgets')).toEqual([]);
    await nothingToDo();
  });

  test('gets other pods for what their template holds, and the plan says so', async () => {
    const before = podsOf('web-front');
    shop.define('web', (text) => text.replace('stop: { grace: 2 }', 'stop: { grace: 3 }'));
    expect(modes(await changesNow())).toEqual([['workload:web/front', 'restart']]);
    await running.up();
    expect(podsOf('web-front')).not.toEqual(before);
    await nothingToDo();
  });

  test('is compared with what somebody made of it, field by field, and taken over only when that is asked for', async () => {
    const [pod] = podsOf('store-server');
    kubectl('scale', 'deployment', 'store-server', '--replicas=2');
    const ports = [{ port: 21451, targetPort: 9999 }];
    kubectl('patch', 'service', 'web-front', '--patch', JSON.stringify({ spec: { ports } }));
    const spec = { template: { spec: { terminationGracePeriodSeconds: 77 } } };
    kubectl('patch', 'deployment', 'web-back', '--patch', JSON.stringify({ spec }));
    kubectl('rollout', 'status', 'deployment/web-back', '--timeout=60s');
    kubectl('rollout', 'status', 'deployment/store-server', '--timeout=60s');
    expect(told(await changesNow())).toEqual([
      [
        'workload:store/server',
        'in-place',
        expect.stringContaining('replicas: 2 instead of 1'),
        expect.anything(),
      ],
      [
        'workload:web/back',
        'replace',
        'Deployment web-back template.spec.terminationGracePeriodSeconds: 77 instead of 2',
      ],
      ['workload:web/front', 'in-place', 'Service web-front ports[front].targetPort: 9999 instead of 21451'],
    ]);
    const error = await running.failsUp();
    expect(error).toMatchObject({ code: 'KLG-544', message: expect.stringMatching(/belongs to kubectl/) });
    await running.up(undefined, undefined, { takeOver: true });
    expect(podsOf('store-server')).toEqual([pod]);
    await nothingToDo();
  });

  test('gets back what somebody removed, without another pod', async () => {
    const pods = podsOf('web-front');
    const secret = names('secrets', '--selector', '!kollage.dev/state');
    const files = names('configmaps', '--selector', 'kollage.dev/workload=web-front');
    kubectl('delete', 'service/web-front', 'networkpolicy/web-front', ...secret, ...files);
    const [, mode, ...reasons] = told(await changesNow())[0] ?? [];
    expect(mode).toBe('in-place');
    expect(reasons).toEqual(
      expect.arrayContaining(['Service web-front is gone', 'NetworkPolicy web-front is gone']),
    );
    await running.up();
    expect(names('secrets', '--selector', '!kollage.dev/state')).toEqual(secret);
    expect(podsOf('web-front')).toEqual(pods);
    await nothingToDo();
  });

  test('goes back to an earlier revision, and forward again', async () => {
    const files = () =>
      kubectl(
        'get',
        'deployment',
        'store-server',
        '--output',
        'jsonpath={.spec.template.spec.volumes[?(@.name=="files")].configMap.name}',
      );
    const before = files();
    shop.configure('services: { store: { options: { memory: 32 } } }\n');
    const { number } = await running.up();
    expect(files()).not.toBe(before);
    const back = await rollback({
      folder: shop.folder,
      planned: async () => true,
      emit: () => undefined,
      signal,
    });
    expect(back).toBe((number ?? 0) + 1);
    expect(files()).toBe(before);
    await running.up();
    expect(files()).not.toBe(before);
  });

  test('is taken back when a change fails, and that is not tried again', async () => {
    const pods = podsOf('web-front');
    shop.configure('services: { web: { options: { command: exit 3 } } }\n');
    expect(await running.failsUp()).toMatchObject({ code: 'KLG-505' });
    expect(await running.ailing()).toEqual([]);
    expect(podsOf('web-front')).toEqual(pods);
    expect(await running.failsUp()).toMatchObject({ code: 'KLG-511' });
    shop.configure('services: { store: { options: { memory: 32 } } }\n');
    await nothingToDo();
  });

  test('gets a secret made anew: only what holds it starts again', async () => {
    const back = podsOf('web-back');
    const held = () =>
      kubectl('get', 'deployment', 'web-front', '--output', 'jsonpath={..projected.sources[*].secret.name}');
    const before = held();
    const number = await rotate({
      folder: shop.folder,
      chosen: { names: ['web_password'], services: [], all: false },
      made: () => undefined,
      follows: () => undefined,
      planned: () => undefined,
      emit: () => undefined,
      signal,
    });
    expect(number).not.toBeNull();
    expect(held()).toMatch(/^web-password-/);
    expect(held()).not.toBe(before);
    expect(podsOf('web-back')).toEqual(back);
    await nothingToDo();
  });

  test('is healed where Kubernetes does not: what was removed, and what runs and does not answer', async () => {
    const stop = new AbortController();
    const treated: string[] = [];
    const ward = await openWard({ folder: shop.folder, every: 500, signal: stop.signal });
    const watching = heal({
      ward,
      emit: (event) => event.type === 'change-started' && treated.push(event.key),
      signal: stop.signal,
      now: Date.now,
    });
    try {
      kubectl('delete', 'deployment', 'web-back', '--cascade=foreground');
      await vi.waitFor(() => expect(treated).toEqual(['workload:web/back']), {
        timeout: 60_000,
        interval: 200,
      });
      await running.becomesHealthy();
      // It takes connections still, which is all that Kubernetes starts it anew for.
      const pods = podsOf('store-server');
      const halt =
        'for process in /proc/[0-9]*; do [ $(cat $process/comm) != memcached ] || kill -STOP ${process#/proc/}; done';
      kubectl('exec', 'deployment/store-server', '--', 'bash', '-c', halt);
      await vi.waitFor(() => expect(treated).toContain('workload:store/server'), {
        timeout: 110_000,
        interval: 500,
      });
      await running.becomesHealthy();
      expect(podsOf('store-server')).not.toEqual(pods);
      expect(treated).toEqual(['workload:web/back', 'workload:store/server']);
    } finally {
      stop.abort();
      await watching;
      await ward[Symbol.asyncDispose]();
    }
  });

  test('becomes another kind of object, and the former one goes first', async () => {
    shop.define('store', (text) =>
      text
        .replace('components:', 'volumes: { kept: { each: deployment } }\ncomponents:')
        .replace(
          'stop: { grace: 2 }',
          'stop: { grace: 2 }\n    update: { strategy: recreate }\n    mounts: [{ volume: kept, path: /kept }]',
        ),
    );
    await running.up();
    expect(names('statefulsets')).toEqual(['statefulset.apps/store-server']);
    expect(names('deployments')).not.toContain('deployment.apps/store-server');
    await nothingToDo();
  });

  test('does not begin with an empty volume in the place of one that is gone', async () => {
    kubectl('scale', 'statefulset', 'store-server', '--replicas=0');
    kubectl('delete', 'persistentvolumeclaim', 'store-kept');
    kubectl('delete', 'statefulset', 'store-server');
    expect(await running.failsUp()).toMatchObject({ code: 'KLG-410' });
    expect(names('persistentvolumeclaims')).toEqual(['persistentvolumeclaim/web-data']);
  });

  test('differs from what is rendered for it in nothing but what really differs', async () => {
    shop.define('store', (text) =>
      text.replace(/\n +update: .*\n +mounts: .*/, '').replace(/volumes: .*\n/, ''),
    );
    await running.up();
    const file = join(scratch(), 'all.yaml');
    const render = async () => {
      const { objects } = await renderManifests({ folder: shop.folder, engine: 'kubernetes' });
      writeFileSync(file, asYaml(objects));
    };
    const server = ['--server-side', '--field-manager=kollage', '--filename', file];
    await render();
    expect(kubectl('diff', '--filename', file)).toBe('');
    expect(kubectl('diff', ...server)).toBe('');
    expect(kubectl('apply', '--dry-run=server', ...server)).toContain(
      'deployment.apps/web-front serverside-applied',
    );
    shop.configure('services: { store: { options: { memory: 64 } } }\n');
    await render();
    const changed = differences(() => kubectl('diff', ...server)).flatMap((line) => {
      const [, object] = /^\+\+\+ \S+\/(\S+)/.exec(line) ?? [];
      return object === undefined ? [] : [object];
    });
    expect(changed.sort()).toEqual([
      `apps.v1.Deployment.${name}.store-server`,
      expect.stringMatching(`^v1.ConfigMap.${name}.store-server-`),
    ]);
  });

  following('kollage-follow', () => `engine: { type: kubernetes, address: ${cluster().kubeconfig} }`, {
    joins: true,
  });
});

/** What `kubectl diff` says; it ends with 1 where something differs. */
function differences(diff: () => string): string[] {
  try {
    return diff().split('\n');
  } catch (error) {
    const { status, stdout } = error as { status?: number; stdout?: string };
    if (status !== 1 || stdout === undefined) throw error;
    return stdout.split('\n');
  }
}
