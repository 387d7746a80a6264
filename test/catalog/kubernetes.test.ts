import { describe, expect, test } from 'vitest';
import { compile } from '../../src/compile/compile.ts';
import { objectName } from '../../src/engines/kubernetes/names.ts';
import { manifests, secretObjects, usedSecrets } from '../../src/engines/kubernetes/render/manifests.ts';
import type { Manifest } from '../../src/engines/kubernetes/render/scope.ts';
import { violations } from '../../src/engines/kubernetes/render/testing.ts';
import { settingsOf } from '../../src/engines/kubernetes/settings.ts';
import { startFiles } from '../../src/engines/kubernetes/start-files.ts';
import { engineTraits } from '../../src/engines/traits.ts';
import type { Deployment } from '../../src/model/loaded.ts';
import { nodeOf } from '../../src/plan/testing.ts';
import { everything } from './everything.ts';

/* The whole of OpenStack as objects of Kubernetes: what a cluster would take, and what its operators may rely on. */

function render(release: string, changed: Partial<Deployment> = {}) {
  const { catalog, deployment } = everything(release);
  const engine = { type: 'kubernetes' } as const;
  const { desired } = compile({
    catalog,
    deployment: { ...deployment, engine, ...changed },
    engine: engineTraits.kubernetes,
  });
  const input = {
    desired,
    settings: settingsOf(desired.deployment, changed.engine ?? engine),
    start: startFiles(),
  };
  return { desired, input, objects: manifests(input) };
}

const nodes = [
  ...['c1', 'c2', 'c3'].map((name) => nodeOf({ name, roles: ['controller', 'network', 'storage'] })),
  ...['n1', 'n2'].map((name) => nodeOf({ name, roles: ['compute'] })),
];
const many = { nodes, address: '127.0.0.1', externalAddress: 'cloud.example.org' };

function json(objects: readonly Manifest[], kind: string): string {
  return JSON.stringify(objects.filter((one) => one.kind === kind));
}

/** What of an object may be said of its pods. */
function podOf(object: Manifest): { readonly spec: Record<string, unknown> } | undefined {
  const found: unknown = 'spec' in object ? object.spec : undefined;
  return typeof found === 'object' && found !== null && 'template' in found
    ? (found.template as { spec: Record<string, unknown> })
    : undefined;
}

/** The claims that a StatefulSet makes for its pods. */
function claimsMade(object: Manifest): string[] {
  if (object.kind !== 'StatefulSet' || !('spec' in object)) return [];
  const { replicas, volumeClaimTemplates = [] } = object.spec as {
    readonly replicas: number;
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
  return volumeClaimTemplates.flatMap(({ metadata }) =>
    Array.from(
      { length: replicas },
      (_, at) => `PersistentVolumeClaim/${metadata.name}-${object.metadata.name}-${at}`,
    ),
  );
}

describe.each(['2025.1', '2026.2', 'zed'])('OpenStack %s', (release) => {
  test.each([
    ['on any node', {}],
    ['on named nodes', many],
  ])('is made of fields that the API has, and that are not deprecated: %s', (_, changed) => {
    expect(render(release, changed).objects.flatMap(violations)).toEqual([]);
  });

  test('has no name twice, and none that is too long', () => {
    const { objects } = render(release, many);
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => (name.split('/')[1] ?? '').length > 63)).toEqual([]);
  });

  test('names nothing that is not there', () => {
    const { input, objects } = render(release);
    const there = new Set([
      ...objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
      ...usedSecrets(input).map(({ object }) => `Secret/${object}`),
      'ConfigMap/kube-root-ca.crt',
      ...objects.flatMap(claimsMade),
    ]);
    const named = [
      ...JSON.stringify(objects).matchAll(
        /"(configMap|secret|persistentVolumeClaim)":\{"(?:name|claimName)":"([^"]+)"/g,
      ),
    ];
    const kinds: Record<string, string> = {
      configMap: 'ConfigMap',
      secret: 'Secret',
      persistentVolumeClaim: 'PersistentVolumeClaim',
    };
    expect(named.length).toBeGreaterThan(100);
    expect(
      named.map(([, kind = '', name]) => `${kinds[kind]}/${name}`).filter((name) => !there.has(name)),
    ).toEqual([]);
    const accounts = [...JSON.stringify(objects).matchAll(/"serviceAccountName":"([^"]+)"/g)];
    expect(accounts.map(([, name]) => `ServiceAccount/${name}`).filter((name) => !there.has(name))).toEqual(
      [],
    );
  });
});

describe('OpenStack', () => {
  const { desired, input, objects } = render('2025.1', many);

  test('is on the host network only where its definition says so', () => {
    const asked = desired.resources.flatMap((one) =>
      one.kind === 'workload' && one.privileges.hostNetwork ? [objectName(one.id)] : [],
    );
    const given = objects.flatMap((one) => (podOf(one)?.spec['hostNetwork'] ? [one.metadata.name] : []));
    expect(given.sort()).toEqual(asked.sort());
    expect(given).not.toContain('keystone-api');
  });

  test('names its users by number, so that the cluster can tell that they are not root', () => {
    const root = desired.resources.flatMap((one) =>
      one.kind === 'workload' && one.user === 'root' ? [objectName(one.id)] : [],
    );
    const asRoot = objects.flatMap((one) => {
      const security = podOf(one)?.spec['securityContext'];
      const isOther = JSON.stringify(security ?? {}).includes('"runAsNonRoot":true');
      return security && !isOther && one.kind !== 'Job' ? [one.metadata.name] : [];
    });
    expect(asRoot.sort()).toEqual(root.sort());
  });

  test('puts the value of a secret into Secrets alone', () => {
    const secrets = secretObjects(input, (name) => `value-of-${name}`);
    const [first] = secrets;
    expect(secrets.flatMap(violations)).toEqual([]);
    expect(first?.data['value']).toBe(Buffer.from('value-of-cinder_database_password').toString('base64'));
    expect(JSON.stringify(objects)).not.toContain('value-of-');
    expect(json(objects, 'Secret')).toBe('[]');
  });

  test('reaches users at one address, each port where it is', () => {
    const front = objects.find(({ metadata }) => metadata.name === 'kollage-public');
    expect(front).toMatchObject({ kind: 'Service', spec: { type: 'LoadBalancer' } });
    expect(JSON.stringify(front)).toContain(
      '{"name":"keystone-api","port":5000,"targetPort":"public-5000","protocol":"TCP"}',
    );
    const inside = render('2025.1', { externalAddress: '192.0.2.1' });
    expect(inside.objects.some(({ metadata }) => metadata.name === 'kollage-public')).toBe(false);
  });

  test('has its agents on each node of their role, by labels', () => {
    expect(
      objects.find(({ kind, metadata }) => kind === 'DaemonSet' && metadata.name === 'nova-compute'),
    ).toMatchObject({
      spec: {
        template: { spec: { nodeSelector: { 'test.kollage.dev/compute': 'true' }, hostNetwork: true } },
      },
    });
    expect(JSON.stringify(render('2025.1').objects)).not.toContain('nodeSelector');
  });

  test('asks for nothing that it does not use: a token only for what starts the process', () => {
    for (const object of objects) {
      const spec = podOf(object)?.spec;
      if (!spec) continue;
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      const publishes = spec['serviceAccountName'] === 'kollage-publish';
      expect(JSON.stringify(spec['containers']).includes('"name":"token"'), object.metadata.name).toBe(
        publishes,
      );
    }
  });
});

describe('several brokers', () => {
  const files = (replicas: number) => {
    const { desired } = render('2025.1', { components: new Map([['rabbitmq/server', { replicas }]]) });
    return (id: string, file: string) =>
      desired.resources
        .flatMap((one) => (one.kind === 'config' && one.id === id ? one.files : []))
        .find(({ name }) => name === file)?.content ?? '';
  };
  const services = ['nova/api', 'neutron/server', 'heat/engine', 'cinder/api'] as const;

  test.each(services)('keep the queues of %s on most of them, in a host of their own', (id) => {
    const file = `${id.split('/')[0]}.conf`;
    const section =
      /\[oslo_messaging_rabbit\]\namqp_durable_queues = true\nrabbit_quorum_queue = true\nrabbit_transient_quorum_queue = true\n/;
    expect(files(3)(id, file)).toMatch(section);
    expect(files(3)(id, file)).toMatch(/transport_url = .*:5672\/quorum\n/);
    expect(files(1)(id, file)).not.toContain('oslo_messaging_rabbit');
    expect(files(1)(id, file)).toMatch(/transport_url = .*:5672\/\n/);
  });

  test('know that host, and who waits for a queue looks there', () => {
    expect(files(3)('rabbitmq/server', 'definitions.json')).toContain('"quorum"');
    expect(JSON.parse(files(3)('nova/listening', 'listening.json'))).toMatchObject({
      broker: { vhost: 'quorum' },
    });
    expect(files(1)('rabbitmq/server', 'definitions.json')).not.toContain('"quorum"');
  });
});
